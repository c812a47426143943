"""Screens whose forms go through a rule of their own instead of writing columns."""

from flask import flash, g, redirect, render_template, request
from flask_babel import gettext as _
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError
from wtforms import SelectMultipleField

from app.core.errors import BusinessError
from app.extensions import db
from views.base import HouseView


class RuledView(HouseView):
    """A screen that says in `write(form, row)` what its form does; the rest is as everywhere.

    `row` is None for a new record; `write` gives the record, and a BusinessError it raises is shown at its field.
    """

    def _save(self, form, row, action):
        if not form.validate():
            return None
        try:
            with g.work.doing(f"{self.noun}.{action}"):
                saved = self.write(form, None if action == "create" else row)
                db.session.commit()
            return saved
        except (BusinessError, DBAPIError, StaleDataError) as error:
            db.session.rollback()
            refusal = self.refusal(error)
            field = form._fields.get(refusal.details.get("field", ""))
            (field.errors if field is not None else form.form_errors).append(str(refusal.message))
            return None

    def done(self, pk, action, call, said=None):
        """Run `call` from a small form on a record's page, commit, and go back to it."""
        try:
            with g.work.doing(f"{self.noun}.{action}"):
                call()
                db.session.commit()
        except (BusinessError, DBAPIError, StaleDataError) as error:
            return self._refused(error, self.url("show", pk=pk))
        flash(said or _("Saved."), "success")
        return redirect(self.url("show", pk=pk))

    def given(self, form_class):
        """A small form as it was sent.

        :raises BusinessError: 'bad_data' naming what is missing
        """
        form = form_class(request.form)
        if not form.validate():
            fields = {name: "; ".join(str(one) for one in errors) for name, errors in form.errors.items()}
            raise BusinessError("bad_data", next(iter(fields.values())), fields=fields)
        return form


class Names(SelectMultipleField):
    """Several rows of a short table, by name."""

    def __init__(self, title=None, validators=None, **more):
        super().__init__(title, validators, coerce=str, **more)


def section(identity, title, template, **values):
    """A part of a record's page drawn by a template."""
    return {"id": identity, "title": title, "body": render_template(template, **values)}
