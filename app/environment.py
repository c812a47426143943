"""What the environment asks for, looked at before anything is made or started; light, like `app.launch`.

`config` reads the same variables. It is not imported here: it remembers the database's address, which a command
that brings a database of its own sets later.
"""

import os
import urllib.parse
from importlib.util import find_spec

from app.core import mail_server, passwords
from app.trouble import Trouble

NUMBERS = ("SERAI_TRUSTED_PROXIES", "SERAI_MAX_UPLOAD_MB", "SERAI_SIGN_IN_ATTEMPTS", "SERAI_SIGN_IN_WINDOW")
PREPARING = ("serve", "init", "import", "load")  # these may make the first users


def check(command):
    """Refuse what cannot be meant.

    :raises Trouble: names the variable and what is expected, never its value: it may hold a password
    """
    for name in NUMBERS:
        given = os.environ.get(name)
        if given and not given.strip().isdecimal():
            raise Trouble(f"{name} must be a whole number.")
    for name, look in LOOKS.items():
        if os.environ.get(name):
            look(os.environ[name])
    if command in PREPARING:
        _password("SERAI_ADMIN_PASSWORD", passwords.AT_LEAST)
        _password("SERAI_DEMO_PASSWORD", passwords.AT_LEAST_IN_DEMO)


def _mail(url):
    try:
        mail_server.server(url)
    except ValueError as error:
        raise Trouble(f"{error}.") from None


def _public(url):
    try:
        parts = urllib.parse.urlsplit(url)
        fine = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        fine = False
    if not fine:
        raise Trouble("SERAI_PUBLIC_URL must look like https://orders.example.com.")


def _storage(url):
    if "://" not in url:
        return  # a folder
    from fsspec.registry import known_implementations

    for part in url.split("::"):
        known = known_implementations.get(part.partition("://")[0])
        if known is None:
            raise Trouble(
                "SERAI_STORAGE_URL must be a folder or an address of fsspec, such as file:///srv/files or "
                "s3://bucket/folder.")
        if find_spec(known["class"].partition(".")[0]) is None:
            raise Trouble(f"SERAI_STORAGE_URL needs a package that is not installed: {known['err']}.")


def _password(name, at_least):
    given = os.environ.get(name)
    fault = given and passwords.fault(given, at_least)
    if fault:
        bound = f"at least {at_least}" if fault == "short" else f"at most {passwords.AT_MOST}"
        raise Trouble(f"{name} must have {bound} characters.")


LOOKS = {"SERAI_MAIL_URL": _mail, "SERAI_PUBLIC_URL": _public, "SERAI_STORAGE_URL": _storage}
