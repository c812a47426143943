"""What every REST endpoint begins and ends with: who may, what was sent, one commit."""

import functools

from flask import g, jsonify, request
from flask_babel import gettext as _

from app import idempotency
from app.answers import Unauthorized
from app.core.errors import Forbidden, Malformed
from app.extensions import db


def door(permission):
    """Guard an endpoint: 401 without a user, 403 without the permission, whatever the record."""

    def wrap(call):
        @functools.wraps(call)
        def guarded(self, *args, **kwargs):
            if g.access.user_id is None:
                raise Unauthorized
            if not g.work.actor.may(f"{self.noun}.{permission}"):
                raise Forbidden("not_permitted", _("You are not permitted to do this."))
            return call(self, *args, **kwargs)

        guarded._permission_name = permission
        return guarded

    return wrap


def body(required=True):
    """The JSON object of the request.

    :raises Malformed: it is no JSON object
    """
    if not request.get_data(cache=True) and not required:
        return {}
    given = request.get_json(silent=True)
    if not isinstance(given, dict):
        raise Malformed("malformed", _("Send the data as a JSON object."))
    return given


def done(content, status=200):
    """Commit what the request did and answer; the idempotency key is kept with it."""
    idempotency.keep(status, content)
    db.session.commit()
    return jsonify(content), status
