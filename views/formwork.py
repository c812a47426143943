"""Forms whose data go to a rule: what it refuses stands at the field it is about, and nothing is kept then."""

from flask import g, render_template, request
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.datastructures import CombinedMultiDict
from wtforms import MultipleFileField

from app.core.errors import BusinessError
from app.extensions import db
from app.rules import files
from views.fields import ReferenceField


class KeyField(ReferenceField):
    """A record that another one names by its id only."""

    def populate_obj(self, obj, name):
        setattr(obj, f"{name}_id", self.data.id if self.data is not None else None)


def sent():
    """What a form has sent, its files included; None where the page is only looked at."""
    return CombinedMultiDict([request.files, request.form]) if request.method == "POST" else None


def attempt(view, form, action, rule):
    """Run a rule with a form's data and commit.

    :param rule: called without arguments; gives the record it made or changed
    :returns: that record, or None where the form or the rule refused
    """
    if not form.validate():
        return None
    try:
        with g.work.doing(f"{view.noun}.{action}"):
            made = rule()
            db.session.commit()
            return made
    except (BusinessError, DBAPIError, StaleDataError) as error:
        db.session.rollback()
        refusal = view.refusal(error)
        field = form._fields.get(refusal.details.get("field", ""))
        (field.errors if field is not None else form.form_errors).append(str(refusal.message))
        return None


def page(view, title, form, house, version=None):
    """A form on its page, with status 422 when it was refused."""
    status = 422 if form.errors or form.form_errors else 200
    drawn = render_template("house/form.html", title=title, form=form, house=house, version=version,
                            appbuilder=view.appbuilder, base_template=view.appbuilder.base_template)  # fmt: skip
    return drawn, status


def kept(field, work):
    """The files of a field, stored; they belong to nothing yet.

    :raises BusinessError: what is wrong with one of them
    """
    given = [one for one in (field.data or ()) if getattr(one, "filename", "")]
    return [files.store(one.stream, one.filename, one.mimetype, work) for one in given]


class FilesField(MultipleFileField):
    """Several files; none is fine too."""

    def process_formdata(self, values):
        self.data = [one for one in values if getattr(one, "filename", "")]
