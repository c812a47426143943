"""Small programs in the place of ours, so that the supervisor is tested without the application.

`python -m tests.launch.standins serve DATA PORT` supervises the others: web, worker, init.
"""

import argparse
import http.server
import os
import pathlib
import socket
import sys
import time

import psycopg

from app import supervisor
from app.trouble import Trouble

HERE = [sys.executable, "-m", "tests.launch.standins"]


def database():
    return psycopg.connect(os.environ["DATABASE_URL"].replace("+psycopg", "", 1), autocommit=True)


class Health(http.server.BaseHTTPRequestHandler):
    """200 when the database answers, with our process id."""

    def do_GET(self):
        try:
            with database() as connection:
                connection.execute("select 1")
            status = 200
        except psycopg.Error:
            status = 503
        self.send_response(status)
        self.end_headers()
        self.wfile.write(str(os.getpid()).encode())

    def log_message(self, *_):
        """Quiet."""


def web(_, fd, *__):
    if os.environ.get("STANDIN_FAILS") == "web":
        sys.exit(3)
    server = http.server.HTTPServer(("127.0.0.1", 0), Health, bind_and_activate=False)
    server.socket.close()
    server.socket = socket.socket(fileno=int(fd))
    server.socket.listen(8)
    server.serve_forever()


def gunicorn(port, workers="1"):
    """Our web server in earnest, around an application that answers with its process id."""
    from app import web as server

    def application(environ, start_response):
        start_response("200 OK", [("X-Scheme", environ["wsgi.url_scheme"])])
        return [str(os.getpid()).encode()]

    server.Server.load = lambda self: application
    server.run(argparse.Namespace(fd=None, host="127.0.0.1", port=int(port), workers=int(workers)))


def worker():
    """Leaves its process id in the data directory and works for ever."""
    pathlib.Path(os.environ["SERAI_DATA"], "worker.pid").write_text(str(os.getpid()))
    time.sleep(600)


def init(*_):
    with database() as connection:
        connection.execute("create table if not exists kept (n int)")
    sys.exit(os.environ.get("STANDIN_FAILS") == "init")


def serve(data, port):
    os.environ["SERAI_DATA"] = data
    args = argparse.Namespace(host="127.0.0.1", port=int(port), demo=False, workers=1)
    try:
        return supervisor.serve(args, pathlib.Path(data), lambda *words: [*HERE, *words])
    except Trouble as trouble:
        sys.exit(f"serai: {trouble}")


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
