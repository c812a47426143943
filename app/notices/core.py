"""Notices: which fact tells whom, in which words. One row per reader, written with the fact's job."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

import config
from app.core import facts, history, queue, settings, state_words
from app.core.scope import lifted, rows_of
from app.notices import words
from app.notices.readers import Reader, To, mailable
from models.customers import Customer
from models.notifications import Notification
from models.organisation import Branch

SEND = "notices.send"  # the job, see app.notices.sending
NOTICES: dict[tuple[str, str], Notice] = {}
Values = Callable[[Any, Any], dict[str, Any]]


@dataclass(frozen=True)
class Notice:
    """One thing people are told.

    :param fact: names of the facts that cause it, none where a rule tells it by itself
    :param to: (record, work) -> readers
    :param values: (record, work) -> plain values for the templates, in the reader's language
    :param attach: names of reports of the record that go with it as PDF
    :param changes: customers may switch it off (X-56)
    :param once: who was told about this record before is not told again
    :param personal: it is about the reader himself, so he is told even what he did
    """

    name: str
    facts: tuple[str, ...]
    to: To
    values: Values
    attach: tuple[str, ...] = ()
    channel: str = "email"
    changes: bool = False
    once: bool = False
    personal: bool = False


def notice(
    fact: str | tuple[str, ...] = (),
    *,
    name: str,
    to: To,
    attach: Iterable[str] = (),
    channel: str = "email",
    changes: bool = False,
    once: bool = False,
    personal: bool = False,
) -> Callable[[Values], Values]:
    """Tell `to(record, work)` about a fact; the decorated function gives the values for the templates.

    Templates: templates/<name>/{subject.txt,body.txt,body.html}, for SMS templates/<name>/sms.txt.
    A function that returns an empty dict has nothing to tell about this record.
    """

    def declare(values: Values) -> Values:
        names = (fact,) if isinstance(fact, str) else tuple(fact)
        one = Notice(name, names, to, values, tuple(attach), channel, changes, once, personal)
        if (name, channel) in NOTICES:
            raise ValueError(f"two notices are called {name}")
        NOTICES[name, channel] = one

        def handler(happened: Any, record: Any, work: Any) -> None:
            tell(one, record, work, noun=happened.noun, but=None if personal else happened.actor_id)

        if names:
            facts.on(*names, called=f"notices.{name}.{channel}")(handler)
        return values

    return declare


def tell(
    one: Notice | str, record: Any, work: Any, *, noun: str = "", but: int | None = None, to: list[Reader] | None = None
) -> list[Notification]:
    """Write the message to each reader and promise its sending, in the open transaction.

    :param noun: of the record, default what its history is kept under
    :param but: user who did it himself; one of ours is not told what he did
    :param to: other readers than the notice's own
    """
    one = NOTICES[one, "email"] if isinstance(one, str) else one
    noun = noun or str(type(record).__history__)
    if one.channel == "sms" and not config.SMS_URL:
        return []
    with lifted(work, "what people are told is written by the house"):
        readers = _distinct(one, one.to(record, work) if to is None else to)
        owner = _owner(record)
        if one.changes and not settings.get("NOTIFY_CHANGES", work, customer=owner):
            readers = [reader for reader in readers if not reader.customer_id]
        readers = [reader for reader in readers if reader.customer_id or not but or reader.user_id != but]
        if one.once:
            before = _told_before(one, noun, record, work)
            readers = [reader for reader in readers if reader.address.strip().casefold() not in before]
        told = [_compose(one, reader, record, noun, work) for reader in readers]
        rows = [row for row in told if row is not None]
        work.session.add_all(rows)
        work.session.flush()
        history.leave_out(work, *rows)
        queue.defer(work, SEND, *[{"notification_id": row.id} for row in rows])
    return rows


def _distinct(one: Notice, readers: list[Reader]) -> list[Reader]:
    """Each address once: a contact may also be a user."""
    found: dict[str, Reader] = {}
    for reader in readers:
        address = reader.mobile if one.channel == "sms" else reader.address
        if (one.channel == "sms" and address.strip()) or (one.channel == "email" and mailable(address)):
            found.setdefault(address.strip().casefold(), reader)
    return list(found.values())


def _told_before(one: Notice, noun: str, record: Any, work: Any) -> set[str]:
    asked = select(Notification.to).where(
        Notification.noun == noun, Notification.record_id == record.id, Notification.name == one.name
    )
    return {address.casefold() for address in work.session.scalars(asked)}


def _compose(one: Notice, reader: Reader, record: Any, noun: str, work: Any) -> Notification | None:
    portal = _portal(reader, work)
    with words.in_language(reader.eyes), state_words.spoken_to(portal):
        values = one.values(record, work)
        if not values:
            return None
        values = {"reader": reader, "house": _house(record, work), "site": config.SITE_URL} | values
        if one.channel == "sms":
            subject, text, html = one.name, words.render_short(one.name, values, reader.eyes), ""
        else:
            subject, text, html = words.render(one.name, values, reader.eyes)
    return Notification(
        customer_id=reader.customer_id,
        noun=noun,
        record_id=record.id,
        name=one.name,
        channel=one.channel,
        user_id=reader.user_id,
        to=(reader.mobile if one.channel == "sms" else reader.address).strip()[:200],
        locale=reader.locale,
        subject=subject,
        body=text,
        html=html,
        attach=list(one.attach),
    )


def _portal(reader: Reader, work: Any) -> int | None:
    """The portal whose words he knows; one of ours reads our own."""
    customer = work.session.get(Customer, reader.customer_id) if reader.customer_id else None
    return customer.portal_id if customer else None


def _owner(record: Any) -> int:
    rows = rows_of(type(record))
    return int(getattr(record, rows.column)) if rows.kind == "owned" and rows.column else 0


def branch_of(record: Any, work: Any) -> Branch:
    """The branch in whose name the house speaks about a record."""
    found: Branch = work.session.get(Branch, getattr(record, "branch_id", None) or 1)
    return found


def _house(record: Any, work: Any) -> dict[str, str]:
    branch = branch_of(record, work)
    return {
        "name": branch.legal_name,
        "address": ", ".join(line.strip() for line in branch.address.splitlines() if line.strip()),
        "email": branch.email,
        "phone": branch.phone,
    }


def link(plural: str, record_id: int) -> str:
    """Where a record is shown."""
    return f"{config.SITE_URL}/{plural}/show/{record_id}"
