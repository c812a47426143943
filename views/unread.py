"""What waits to be read, and the cart: figures in the top bar of every page, in one statement that stays cheap.

Counted are the latest messages of the other side and what the reader was told since he last looked, so that the
count costs the same in a house of ten years as in one of a day. The home page counts all that is unread.
"""

from functools import lru_cache
from types import SimpleNamespace

from flask import current_app, g
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import BigInteger, Integer, bindparam, func, select

from app.core.localized import format_number
from app.core.scope import lifted
from app.extensions import db
from app.reading import reader
from app.rules import carts, conversations
from models.conversations import Message
from models.notifications import Notification
from models.people import Person
from views import threads

LATEST = 200  # messages looked at
CAP = 99  # more than that is said as "99+"


def counters():
    """The counters the reader may see: objects `name, url, icon, number, text, label`; asked once per request."""
    if "counters" not in g:
        g.counters = _counters()
    return g.counters


def _counters():
    may = g.work.actor.may if "work" in g and g.access.user_id is not None else lambda permission: False
    names = [name for name in ("message", "notification") if may(f"{name}.read")]
    if may("cart.read") and not g.work.actor.inside:
        names.insert(0, "cart")
    if not names:
        return []
    asked = _asked(tuple(names), threads.told_of(may), g.work.actor.inside, LATEST)
    numbers = db.session.execute(asked, {"me": g.access.user_id, "seen": g.access.row["seen_notification_id"] or 0})
    return [_counter(name, number) for name, number in zip(names, numbers.one(), strict=True)]


@lru_cache(maxsize=64)
def _asked(names, nouns, inside, latest):
    """The statement that counts for people of one kind: built once, for `me` who has seen what is up to `seen`."""
    me = SimpleNamespace(user_id=bindparam("me", type_=Integer), inside=inside)
    parts = {"cart": carts.counting(me), "message": _messages(me, nouns, latest), "notification": _notifications(me)}
    return select(*[parts[name].scalar_subquery() for name in names])


def _messages(me, nouns, most):
    """How many of the latest messages of the other side are unread."""
    theirs = threads.readable(select(Message.id), nouns, me.inside).where(conversations.by_others(me))
    latest = theirs.order_by(Message.id.desc()).limit(most)
    return select(func.count()).select_from(Message).where(Message.id.in_(latest), conversations.is_unread(me))


def _notifications(me):
    """How many notifications were written to the reader since he last looked."""
    newer = select(Notification.id).where(
        Notification.user_id == me.user_id, Notification.id > bindparam("seen", type_=BigInteger))  # fmt: skip
    return select(func.count()).select_from(newer.limit(CAP + 1).subquery())


def look_at_notifications():
    """The reader looks at what he was told: from here on only newer ones are counted."""
    newest = db.session.query(func.max(Notification.id)).filter(Notification.user_id == g.access.user_id).scalar()
    if newest is None or newest <= (g.access.row["seen_notification_id"] or 0):
        return
    with lifted(g.work, "a mark in his own row"):
        db.session.get(Person, g.access.user_id).seen_notification_id = newest
    db.session.commit()


def _counter(name, number):
    text = shown(number)
    if name == "cart":
        return SimpleNamespace(name=name, url="/carts/mine", icon="fa-cart-shopping", number=number, text=text,
                               label=in_cart(number))  # fmt: skip
    if name == "message":
        label = ngettext("%(count)s unread message", "%(count)s unread messages", number, count=text)
        return SimpleNamespace(name=name, url="/messages/list/?unread=yes", icon="fa-comments", number=number,
                               text=text, label=label if number else _("No unread messages"))  # fmt: skip
    label = ngettext("%(count)s new notification", "%(count)s new notifications", number, count=text)
    return SimpleNamespace(name=name, url="/notifications/list/?mine=yes", icon="fa-bell", number=number,
                           text=text, label=label if number else _("No new notifications"))  # fmt: skip


def shown(number):
    """A figure as the top bar shows it."""
    return format_number(min(number, CAP), reader()) + ("+" if number > CAP else "")


def in_cart(number):
    """How full the cart is, in words."""
    said = format_number(number, reader())
    return ngettext("%(count)s product in the cart", "%(count)s products in the cart", number, count=said)


def register(appbuilder):
    current_app.jinja_env.globals["counters"] = counters
