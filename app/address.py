"""Where the web server listens, and whether it answers there. Standard library only, for the supervisor."""

import errno
import http.client
import socket
import time

from app.trouble import Trouble


def listen(host, port, patience=1.0):
    """A socket bound to the address; nobody is let in before gunicorn listens on it.

    :param patience: seconds for a former server to let go of the port
    :raises Trouble: the address is taken, not ours, or not permitted
    """
    until = time.monotonic() + patience
    while True:
        try:
            return _bind(host, port)
        except PermissionError:
            raise Trouble(f"Port {port} is not permitted to this user. Choose one above 1023.") from None
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise Trouble(f"Cannot listen on {host}, port {port}: {error.strerror}.") from None
            if time.monotonic() > until:
                raise Trouble(f"Port {port} on {host} is taken by another program. Choose another.") from None
            time.sleep(0.1)


def _bind(host, port):
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    bound = socket.socket(family, kind, protocol)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except BaseException:
        bound.close()
        raise
    return bound


def url(host, port):
    """The address as people type it."""
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def answers(host, port):
    """Whether /health answers 200."""
    inside = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
    connection = http.client.HTTPConnection(inside, port, timeout=2)
    try:
        # as a TLS proxy would ask: with an https SERAI_PUBLIC_URL plain requests are redirected
        connection.request("GET", "/health", headers={"X-Forwarded-Proto": "https"})
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
