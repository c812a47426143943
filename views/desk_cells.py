"""The sheets of the data desk: Flask-Admin's list with our columns, our rules and one door for each cell."""

from flask import abort, g, jsonify, request
from flask_admin import expose
from flask_admin.model import BaseModelView
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm.exc import StaleDataError
from wtforms import Form

from app.answers import refusal_of
from app.core.errors import BusinessError
from app.core.localized import LOCALES, format_number
from app.core.readable import parse_decimal
from app.extensions import db
from app.reading import reader
from config import LANGUAGES
from views.cells import said
from views.lists import COUNT_CAP

PAGE = 50


class Shown:
    """A column that is only read. `value(row, reader)` is a text or a record."""

    editable = False

    def __init__(self, name, title, value):
        self.name, self.title, self._value = name, title, value

    def text(self, row, who):
        return said(self._value(row, who), who)


class DecimalColumn:
    """A figure that is edited where it stands."""

    editable, kind, field_type = True, "number", "DecimalField"

    def __init__(self, name, title, needed=True):
        self.name, self.title, self.needed = name, title, needed

    def text(self, row, who):
        value = getattr(row, self.name)
        return "" if value is None else format_number(value, who)

    def write(self, row, text, who):
        """Put what was typed into the row.

        :raises BusinessError: 'bad_data'
        """
        try:
            value = parse_decimal(text, who) if text else None
        except ValueError as error:
            raise BusinessError("bad_data", str(error)) from None
        if value is None and self.needed:
            raise BusinessError("bad_data", _("Enter a number."))
        setattr(row, self.name, value)


class NameColumn:
    """A name in one language."""

    editable, kind, field_type = True, "text", "StringField"

    def __init__(self, locale):
        self.locale, self.name, self.title = locale, f"names.{locale}", LANGUAGES[locale]["name"]

    @classmethod
    def all(cls):
        """One column for each of our languages."""
        return [cls(locale) for locale in LOCALES]

    def text(self, row, who):
        return row.names.get(self.locale, "")

    def write(self, row, text, who):
        names = {key: value for key, value in row.names.items() if key != self.locale}
        row.names = {**names, self.locale: text} if text else names


class Cell:
    """What the list draws for an editable cell (docs/theme.md, Data desk)."""

    def __init__(self, column, row, url):
        self.column, self.type, self.url = column, column.field_type, url
        self.data = column.text(row, reader())

    def __call__(self, pk, display_value, csrf=None, **attributes):
        given = {"data-pk": pk, "data-url": self.url, "data-type": self.column.kind, "name": self.column.name,
                 "data-value": self.data, "tabindex": "0", **attributes}  # fmt: skip
        drawn = Markup(" ").join(Markup('{}="{}"').format(key, value) for key, value in given.items())
        return Markup("<span {}>{}</span>").format(drawn, display_value)


class DeskModelView(BaseModelView):
    """One sheet. Set `noun`, `model_class`, `columns`, `rows(search)` and the rule `check(row, work)`."""

    noun = model_class = check = None
    columns = ()
    can_create = can_edit = can_delete = can_export = False
    column_display_actions = False
    page_size = PAGE

    def __init__(self, **kwargs):
        self.column_list = [one.name for one in self.columns]
        self.column_labels = {one.name: one.title for one in self.columns}
        self.column_editable_list = [one.name for one in self.columns if one.editable]
        self._by_name = {one.name: one for one in self.columns}
        super().__init__(self.model_class, **kwargs)

    # --- what Flask-Admin asks a sheet -----------------------------------------------------------

    def scaffold_list_columns(self):
        return self.column_list

    def scaffold_sortable_columns(self):
        return {}

    def scaffold_form(self):
        return Form

    def get_list_form(self):
        return None

    def init_search(self):
        return True

    def search_placeholder(self):
        return _("Search")

    def get_pk_value(self, model):
        return model.id

    def is_editable(self, name):
        return self.may_write() and name in self.column_editable_list

    def may_write(self):
        """Whether the reader may change cells."""
        return False

    def get_list(self, page, sort_field, sort_desc, search, filters, page_size=None):
        """One page of `rows(search)`, which every sheet has, newest first; uncounted, and there is an end to pages."""
        start = (page or 0) * PAGE
        if start >= COUNT_CAP:
            abort(404)
        query = self.rows((search or "").strip()).order_by(self.model_class.id.desc())
        return None, query.offset(start).limit(PAGE).all()

    def list_form(self, obj=None):
        url = self.get_url(".ajax_update")
        return {one.name: Cell(one, obj, url) for one in self.columns if one.editable}

    def get_list_value(self, model, name):
        return self._by_name[name].text(model, reader())

    def get_one(self, id):
        return db.session.get(self.model_class, int(id)) if str(id).isdecimal() and len(str(id)) < 19 else None

    # --- one cell ------------------------------------------------------------------------------

    @expose("/ajax/update/", methods=("POST",))
    def ajax_update(self):
        """Write one cell through the noun's rule; a refusal is told at the cell, and nothing is kept."""
        if not self.may_write():
            abort(403)
        row = self.get_one(request.form.get("list_form_pk", ""))
        column = next((one for one in self.columns if one.editable and one.name in request.form), None)
        if row is None or column is None:
            abort(404)
        try:
            with g.work.doing(f"{self.noun}.edit"):
                with db.session.no_autoflush:
                    column.write(row, request.form[column.name].strip(), reader())
                self.check(row, g.work)
                db.session.commit()
        except (BusinessError, DBAPIError, StaleDataError) as error:
            db.session.rollback()
            return jsonify({"message": _refused(error)}), 422
        return jsonify({"display": column.text(row, reader())})


def _refused(error):
    """Why a cell was refused, in the reader's words."""
    if isinstance(error, StaleDataError):
        return _("Somebody else changed this record meanwhile. Reload it, then try again.")
    found = error if isinstance(error, BusinessError) else refusal_of(error)
    if found is None:
        raise error
    return str(found.message)
