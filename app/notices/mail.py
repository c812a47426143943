"""E-mail: the message as it goes out, and how it goes: by SMTP, or as an .eml file when none is set up.

SMTP is delivered at least once: a worker killed between the server's yes and our commit sends again.
Both mails carry the same Message-ID, so that mail servers and programs know them for one.
"""

from __future__ import annotations

import os
import smtplib
import ssl
import tempfile
import urllib.parse
from datetime import UTC, datetime
from email import policy
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from email_validator import EmailNotValidError, validate_email

import config
from app.core import localized, secret
from app.core.mail_server import Server, server
from app.notices.words import one_line

PATIENCE = 30  # seconds for each answer of the server
Attachment = tuple[str, str, bytes]  # file name, media type, bytes


class Undelivered(Exception):
    """It did not go out.

    :param code: what is wrong, see `app.notices.fate`
    :param detail: the server's or the machine's own words
    :param final: trying again would not help
    """

    def __init__(self, code: str, detail: object = "", final: bool = False) -> None:
        super().__init__(code)
        self.code, self.final = code, final
        self.detail = one_line(_without_password(str(detail)))[:400]


def _without_password(text: str) -> str:
    for part in filter(None, (urllib.parse.urlsplit(config.MAIL_URL).password, config.SECRET_KEY)):
        text = text.replace(urllib.parse.unquote(part), "***").replace(part, "***")
    return text


def message_id(row: Any) -> str:
    """The same for every attempt; another one when it is sent again on purpose after it had been sent."""
    before = row.sent_at.astimezone(UTC).isoformat() if row.sent_at else ""
    mark = secret.mark("message-id", row.id, row.created_at.astimezone(UTC).isoformat(), before)
    return f"<{row.id}.{mark}@{_domain()}>"


def _domain() -> str:
    return urllib.parse.urlsplit(config.SITE_URL).hostname or "localhost"


def sender(branch: Any) -> str:
    """The address we write from: that of the mail server's setting, of the branch, of the log-in."""
    own = server(config.MAIL_URL) if config.MAIL_URL else None
    for address in (own and own.sender, branch.email, own and own.user):
        if address and "@" in address:
            return str(address)
    domain = _domain()
    named = "." in domain and not domain.rpartition(".")[2].isdigit()  # nobody may write from an address of numbers
    return f"no-reply@{domain if named else 'localhost.localdomain'}"


def message(row: Any, branch: Any, attachments: list[Attachment], text: str, html: str) -> EmailMessage:
    """A notification as a mail; nothing in it can add a header.

    :raises Undelivered: the address is none
    """
    mail = EmailMessage(policy=policy.SMTP)
    mail["Message-ID"] = message_id(row)
    mail["Date"] = format_datetime(row.created_at.astimezone(UTC))
    mail["From"] = Address(one_line(branch.legal_name), addr_spec=_address(sender(branch)))
    mail["To"] = Address(addr_spec=_address(row.to))
    mail["Subject"] = one_line(row.subject)
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    for name, media_type, content in attachments:
        kind, _, subtype = media_type.partition(";")[0].partition("/")
        mail.add_attachment(content, maintype=kind, subtype=subtype, filename=one_line(name))
    # last: what makes it a multipart moves every header that begins with Content- into the first part
    mail["Content-Language"] = localized.html_lang(row.locale)
    return mail


def _address(text: str) -> str:
    try:
        found = validate_email(text, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise Undelivered("bad_address", error, final=True) from None
    return found.ascii_email or found.normalized


def deliver(mail: EmailMessage, row: Any) -> None:
    """Hand the mail over.

    :raises Undelivered: with the reason
    """
    if config.MAIL_URL:
        _by_smtp(mail, server(config.MAIL_URL))
    else:
        _as_file(mail, row)


def folder() -> Path:
    """Where mails lie when no server is set up."""
    return Path(config.DATA_DIR, "mail")


def _as_file(mail: EmailMessage, row: Any) -> None:
    """Under a name of its own: written a second time after a crash, it is still one file."""
    created, again = (one.astimezone(UTC) if one else None for one in (row.created_at, row.sent_at))
    name = f"{created:%Y%m%dT%H%M%S}-{row.id}" + (f"-{again:%Y%m%dT%H%M%S}" if again else "")
    try:
        folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, aside = tempfile.mkstemp(dir=folder(), prefix=".new-")
        with open(handle, "wb") as out:
            out.write(mail.as_bytes())
        os.replace(aside, folder() / f"{name}.eml")
    except OSError as error:
        raise Undelivered("unwritable", error.strerror or error) from None


def _by_smtp(mail: EmailMessage, to: Server) -> None:
    try:
        connection = _connect(to)
    except smtplib.SMTPAuthenticationError as error:
        raise Undelivered("sign_in", _said(error)) from None
    except ssl.SSLError as error:
        raise Undelivered("tls", error.reason or error) from None
    except (OSError, smtplib.SMTPException) as error:
        raise Undelivered("unreachable", _said(error)) from None
    try:
        connection.send_message(mail)
    except smtplib.SMTPRecipientsRefused as error:
        code, text = next(iter(error.recipients.values()))
        raise Undelivered("recipient", _answer(code, text), final=code >= 500) from None
    except smtplib.SMTPDataError as error:
        raise Undelivered("refused", _said(error), final=error.smtp_code >= 500) from None
    except smtplib.SMTPNotSupportedError as error:
        raise Undelivered("refused", error, final=True) from None
    except smtplib.SMTPSenderRefused as error:
        raise Undelivered("sender", _said(error)) from None
    except (OSError, smtplib.SMTPException) as error:
        raise Undelivered("unreachable", _said(error)) from None
    finally:
        _leave(connection)


def _connect(to: Server) -> smtplib.SMTP:
    tls = ssl.create_default_context()
    if not to.verify:
        tls.check_hostname, tls.verify_mode = False, ssl.CERT_NONE
    if to.implicit_tls:
        connection: smtplib.SMTP = smtplib.SMTP_SSL(to.host, to.port, timeout=PATIENCE, context=tls)
    else:
        connection = smtplib.SMTP(to.host, to.port, timeout=PATIENCE)
    try:
        connection.ehlo_or_helo_if_needed()
        if not to.implicit_tls and connection.has_extn("starttls"):
            connection.starttls(context=tls)
        elif not to.implicit_tls and to.user and to.host not in ("localhost", "127.0.0.1", "::1"):
            raise smtplib.SMTPException("the server offers no encryption, so the password was not sent")
        if to.user:
            connection.login(to.user, to.password)
        return connection
    except BaseException:
        connection.close()
        raise


def _leave(connection: smtplib.SMTP) -> None:
    """Say goodbye; what it answers changes nothing: the mail is with it, or it is not."""
    try:
        connection.quit()
    except (OSError, smtplib.SMTPException):
        connection.close()


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _answer(error.smtp_code, error.smtp_error)
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _answer(code: int, text: bytes | str) -> str:
    return f"{code} {text.decode('utf-8', 'replace') if isinstance(text, bytes) else text}"


def problems(now: datetime) -> list[str]:
    """What keeps mail from going out at all; for the health check."""
    if not config.MAIL_URL:
        there = folder() if folder().exists() else Path(config.DATA_DIR)
        return [] if os.access(there, os.W_OK) else [f"The folder for mail {folder()} is not writable."]
    try:
        _leave(_connect(server(config.MAIL_URL)))
    except (OSError, smtplib.SMTPException, ValueError) as error:
        return [f"The mail server does not answer: {one_line(_without_password(_said(error)))}"]
    return []
