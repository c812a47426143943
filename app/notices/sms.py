"""SMS through Apprise: any provider by the address in SERAI_SMS_URL."""

from __future__ import annotations

import re
import urllib.parse
from typing import Any

import config
from app.notices.mail import Undelivered


def deliver(row: Any) -> None:
    """Hand one text message over.

    :raises Undelivered: with the reason
    """
    from apprise import Apprise  # a large library: a worker that sends no SMS stays small

    number = re.sub(r"[^\d+]", "", row.to)
    if not re.fullmatch(r"\+?\d{5,20}", number):
        raise Undelivered("bad_number", "", final=True)
    service = Apprise()
    if not service.add(address(config.SMS_URL, number)):
        raise Undelivered("sms_setting")
    if not service.notify(body=row.body):
        raise Undelivered("sms_provider")


def address(url: str, number: str) -> str:
    """The provider's address for one receiver: `{to}` in it is replaced, else the number is its last part."""
    quoted = urllib.parse.quote(number, safe="+")
    if "{to}" in url:
        return url.replace("{to}", quoted)
    path, mark, query = url.partition("?")
    return f"{path.rstrip('/')}/{quoted}{mark}{query}"
