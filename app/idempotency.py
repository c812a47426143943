"""The same POST sent again gives the first answer again and does nothing twice (contract, Idempotency-Key)."""

import hashlib
from datetime import timedelta
from urllib.parse import urlencode

from flask import g, jsonify, request
from flask_babel import gettext as _
from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from app.core.errors import BusinessError, Malformed
from app.extensions import db
from models.documents import IdempotencyKey

KEPT = timedelta(hours=24)


def before(work):
    """Take the key for this request, or answer with what was answered first.

    The row stays locked until the door commits, so a second request waits for the first.
    :raises BusinessError: 'idempotency_conflict' for the same key with another request
    """
    key = request.headers.get("Idempotency-Key")
    user = g.access.user_id
    if key is None or user is None or request.path.endswith("/security/login"):
        return None
    if not 0 < len(key) <= 200:
        raise Malformed("bad_idempotency_key", _("The header Idempotency-Key may have 1 to 200 characters."))
    fingerprint = _fingerprint()
    session = work.session
    session.execute(
        delete(IdempotencyKey).where(
            IdempotencyKey.user_id == user, IdempotencyKey.key == key, IdempotencyKey.at < work.now - KEPT)
    )  # fmt: skip
    taken = session.execute(
        insert(IdempotencyKey)
        .values(user_id=user, key=key, fingerprint=fingerprint, at=work.now)
        .on_conflict_do_nothing(index_elements=["user_id", "key"])
        .returning(IdempotencyKey.id)
    ).scalar()
    if taken is not None:
        g.idempotency_id = taken
        return None
    first = session.scalars(select(IdempotencyKey).filter_by(user_id=user, key=key)).one()
    if first.fingerprint != fingerprint:
        text = _("This Idempotency-Key was already used for another request.")
        raise BusinessError("idempotency_conflict", text)
    response = jsonify(first.body)
    response.status_code = first.status
    return response


def _fingerprint():
    """What tells a request from another one: not its closing slash, nor the language of its answer."""
    asked = sorted((name, value) for name, value in request.args.items(multi=True) if name != "lang")
    where = f"{request.path.rstrip('/')}?{urlencode(asked)}"
    return hashlib.sha256(b"\0".join([where.encode(), request.get_data()])).hexdigest()


def keep(status, body):
    """Write the answer beside the key, in the transaction of the door that is about to commit."""
    taken = g.get("idempotency_id")
    if taken is not None:
        row = db.session.get(IdempotencyKey, taken)
        row.status, row.body = status, body
        g.idempotency_kept = True


def after(response):
    """Keep a refusal too, and the answer of a door that is not ours: the key is written with its answer."""
    if "idempotency_id" in g and not g.get("idempotency_kept") and response.status_code < 500:
        _keep_refusal(response)
    return response


def _keep_refusal(response):
    key, user, fingerprint = request.headers["Idempotency-Key"], g.access.user_id, _fingerprint()
    db.session.rollback()
    answer = {"status": response.status_code, "body": response.get_json(silent=True)}
    statement = insert(IdempotencyKey).values(
        user_id=user, key=key, fingerprint=fingerprint, at=g.work.now, **answer
    )
    db.session.execute(  # a door of the framework has committed the key, but not what it answered
        statement.on_conflict_do_update(
            index_elements=["user_id", "key"], set_=answer, where=IdempotencyKey.status.is_(None)
        )
    )
    db.session.commit()
