"""Who hears about accounts. The link in such a mail is made when it is sent: what we keep cannot open an account."""

import re

import config
from app.core.errors import NotFound
from app.notices.core import notice
from app.notices.mail import Undelivered
from app.notices.readers import one_user
from app.rules import links
from models.people import SetPasswordLink

SECRET = frozenset({"invitation", "password_reset"})
_MARK = re.compile(r"\[\[set-password:(\d+)\]\]")
PATH = "/set-password/"  # and the token


def _himself(person, work):
    return one_user(person.id, work)


def _values(person, work):
    link = links.open_for(person.id, work)
    if link is None:
        return {}
    return {"username": person.user.username, "link": f"[[set-password:{link.id}]]", "until": link.expires_at}


@notice("person.invite", name="invitation", to=_himself, personal=True)
def invitation(person, work):
    """An account was made for him; he chooses his password (X-03)."""
    return _values(person, work)


@notice("person.reset", name="password_reset", to=_himself, personal=True)
def password_reset(person, work):
    """Somebody, most likely he himself, asked for a new password."""
    return _values(person, work)


def reveal(row, text, work):
    """The text of a notification with its link put in, if it is its reader's own and may still be used.

    :raises Undelivered: the link has had its day
    """
    if row.name not in SECRET:
        return text  # anybody may write such a mark into a message or a name

    def address(found):
        link = work.session.get(SetPasswordLink, int(found[1]))
        if link is None or link.user_id != row.user_id:
            return ""
        try:
            links.find(links.token(link), work)
        except NotFound:
            raise Undelivered("gone", final=True) from None
        return f"{config.SITE_URL}{PATH}{links.token(link)}"

    return _MARK.sub(address, text)


def without_links(row):
    """The text of a notification for somebody who looks it up: a link that opens an account is not in it."""
    return _MARK.sub("…", row.body) if row.name in SECRET else row.body
