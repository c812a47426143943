"""An order that is being entered, as its form keeps it on the server, goes on with it or gives it up (X-32)."""

from flask import g, redirect, request
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _

from app.extensions import db
from app.rules import begun_orders as rules
from views import order_wire
from views.doors import body, done


class BegunDoors:
    """What the order's screen has beside its form: the one begun order of each person."""

    @expose("/keep", methods=["POST"])
    @has_access
    def keep(self):
        """Keep what is typed of a new order, so that leaving the page loses nothing (X-32)."""
        rules.keep(order_wire.typed(body()), g.work)
        return done({"message": _("Kept on the server.")})

    @expose("/forget", methods=["POST"])
    @has_access
    def forget(self):
        """Cancel: what was typed is deleted."""
        rules.forget(g.work)
        db.session.commit()
        return redirect(self.url("list"))


def found():
    """What the reader has begun, to go on with, and whether his page stands beside it: one asked for something of its
    own, a product or a customer, neither shows nor overwrites what was begun."""
    kept = rules.kept(g.work)
    beside = kept is not None and bool(set(request.args) - {"lang"})
    return None if beside else kept, beside


def sent():
    """The order of the form was made: it is not begun any more, unless it was entered beside the begun one."""
    if "beside" not in request.args:
        rules.forget(g.work)
