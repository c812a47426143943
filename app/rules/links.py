"""One-time links with which a user chooses his password (X-03)."""

import hashlib
import hmac
from datetime import timedelta

from flask_babel import lazy_gettext as _l
from sqlalchemy import select, update

from app.core import secret
from app.core.errors import NotFound
from models.people import SetPasswordLink

LASTS = timedelta(hours=24)


def token(link):
    """What stands in the address; made anew whenever it is needed, because only its hash is kept."""
    return f"{link.id}.{secret.mark('set-password', link.id, link.user_id)}"


def make(user_id, work):
    """A new link for a user; those he was sent before stop working."""
    forget(user_id, work)
    link = SetPasswordLink(user_id=user_id, token_sha256=secret.mark("unborn", user_id, work.now),
                           expires_at=work.now + LASTS)  # fmt: skip
    work.session.add(link)
    work.session.flush()
    link.token_sha256 = _hash(token(link))
    work.session.flush()
    return link


def forget(user_id, work):
    """Let every link a user was sent stop working."""
    work.session.execute(
        update(SetPasswordLink)
        .where(SetPasswordLink.user_id == user_id, SetPasswordLink.used_at.is_(None))
        .values(used_at=work.now)
    )


def open_for(user_id, work, link_id=None):
    """The link a user may use now, if any.

    :param link_id: only if it is this one
    """
    statement = select(SetPasswordLink).where(
        SetPasswordLink.user_id == user_id, SetPasswordLink.used_at.is_(None), SetPasswordLink.expires_at > work.now
    )
    if link_id is not None:
        statement = statement.where(SetPasswordLink.id == link_id)
    return work.session.scalars(statement.order_by(SetPasswordLink.id.desc()).limit(1)).first()


def use(given, work):
    """The id of the user who may choose a password now; the link is used up by it.

    :raises NotFound: 'bad_link', the same for links that never were, are used or too old
    """
    link = find(given, work)
    link.used_at = work.now
    work.session.flush()
    return link.user_id


def find(given, work):
    """The link behind an address, while it may be used.

    :raises NotFound: 'bad_link'
    """
    wanted = _hash(str(given)[:200])
    link = work.session.scalars(
        select(SetPasswordLink).where(SetPasswordLink.token_sha256 == wanted).with_for_update()
    ).first()
    alive = link is not None and link.used_at is None and link.expires_at > work.now
    if not alive or not hmac.compare_digest(token(link), str(given)):
        raise NotFound("bad_link", _l("This link is no longer valid. Ask for a new one."))
    return link


def _hash(text):
    return hashlib.sha256(text.encode()).hexdigest()
