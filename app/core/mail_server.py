"""A mail server by its address; light, since the launcher looks at the address before anything is started."""

from __future__ import annotations

import urllib.parse
from typing import NamedTuple


class Server(NamedTuple):
    """A mail server, as SERAI_MAIL_URL names it."""

    host: str
    port: int
    implicit_tls: bool
    user: str
    password: str
    sender: str
    verify: bool


def server(url: str) -> Server:
    """smtp://user:password@host:port (STARTTLS when offered) or smtps://; ?from=address, ?verify=no.

    :raises ValueError: it is no such address
    """
    try:
        parts = urllib.parse.urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("smtp", "smtps"):
        raise ValueError("SERAI_MAIL_URL must look like smtp://user:password@host:port") from None
    asked = dict(urllib.parse.parse_qsl(parts.query))
    tls = parts.scheme == "smtps"
    user, password = (urllib.parse.unquote(one or "") for one in (parts.username, parts.password))
    port = port or (465 if tls else 587 if user else 25)
    return Server(host, port, tls, user, password, asked.get("from", ""), asked.get("verify", "yes") != "no")
