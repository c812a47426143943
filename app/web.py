"""The web server: gunicorn with threads, in this process and its children."""

import gc
import os
import signal

from gunicorn.app.base import BaseApplication

from app import address, leash

THREADS = 8  # per process; the pool of database connections is as large


class Server(BaseApplication):
    """gunicorn without its own command line."""

    def __init__(self, settings):
        self.settings = settings
        super().__init__(prog="serai web")

    def load_config(self):
        for name, value in self.settings.items():
            self.cfg.set(name, value)

    def load(self):
        from app.wsgi import app

        return app


def _post_fork(arbiter, worker):
    leash.die_with_parent(signal.SIGKILL, worker.ppid)


def _settled(worker):
    """What was loaded stays until the end: looking through it again costs a request a quarter of a second at times."""
    gc.collect()
    gc.freeze()


def run(args):
    """Serve until told to stop."""
    fd = args.fd if args.fd is not None else address.listen(args.host, args.port).detach()
    Server({
        "bind": f"fd://{fd}",
        "workers": args.workers,
        "worker_class": "gthread",
        "threads": THREADS,
        "timeout": 60,
        "graceful_timeout": 15,
        "keepalive": 5,
        "limit_request_line": 8190,
        "worker_tmp_dir": "/dev/shm" if os.access("/dev/shm", os.W_OK) else None,
        "loglevel": "warning",
        "post_fork": _post_fork,
        "post_worker_init": _settled,
        "control_socket_disable": True,
        # what proxies say is read in one place, app/http.py, as SERAI_TRUSTED_PROXIES allows
        "forwarded_allow_ips": "",
        "secure_scheme_headers": {},
    }).run()
