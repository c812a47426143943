"""Screen and API of the rules that give submitted orders to people."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from wtforms import SelectMultipleField
from wtforms.validators import Optional

from app.extensions import db
from app.rules import assignment
from models.assignment import AssignmentRule
from models.people import Person
from models.products import Category
from views import wire
from views.api import HouseApi
from views.base import Interface
from views.fields import ReferenceField, WholeText
from views.filters import Flag
from views.organisation import OfficeView, form, one_of

COLUMNS = ["name", "position", "customer", "category", "branch", "order_type", "mode", "user_ids"]


def staff():
    """Our active people, for boxes to tick."""
    rows = db.session.scalars(select(Person).where(Person.kind == "staff", Person.state == "active"))
    return [(row.id, row.full_name) for row in sorted(rows, key=lambda row: row.full_name.casefold())]


class AssignmentRuleView(OfficeView):
    datamodel = Interface(AssignmentRule)
    noun = "assignment_rule"
    route_base = "/assignment_rules"
    list_title = _l("Assignment rules")
    add_title, edit_title = _l("New assignment rule"), _l("Edit the assignment rule")
    list_columns = ["position", "name", "mode", "customer", "category", "branch", "order_type"]
    order_columns = ("id", "position")
    base_order = ("position", "asc")
    add_columns = edit_columns = COLUMNS
    add_form = edit_form = form(
        AssignmentRule, COLUMNS, position=lambda: WholeText(_l("Sequence"), default=10),
        category=lambda: ReferenceField(_l("Product group"), [Optional()], target=Category),
        mode=one_of(_l("Who gets it"), assignment.MODES, "person"),
        user_ids=lambda: SelectMultipleField(_l("People"), coerce=int, choices=staff),
    )  # fmt: skip
    label_columns = {"position": _l("Sequence"), "mode": _l("Who gets it"), "category": _l("Product group")}
    facts = ((None, COLUMNS[:-1]),)
    filters = (Flag("archived", _l("Archived"), "archived_at"),)
    on_save = staticmethod(assignment.check_rule)

    def more(self, row, house):
        super().more(row, house)
        names = [name for identity, name in staff() if identity in row.user_ids]
        if names:
            house.facts[0]["items"].append((_("People"), ", ".join(names), "text"))


class AssignmentRuleApi(HouseApi):
    noun = "assignment_rule"
    model = AssignmentRule
    resource_name = "assignment_rules"
    list_fields = ("id", "version", "name", "position", "mode", "customer", "category", "branch", "order_type",
                   "user_ids")  # fmt: skip
    filter_columns = ("id", "name", "mode", "customer", "category", "branch", "order_type")
    order_columns = ("id", "position")
    write_fields = ("name", "position", "mode", "customer", "category", "branch", "order_type", "user_ids")
    on_save = staticmethod(assignment.check_rule)

    def fill(self, row, given, allowed):
        given = dict(given)
        people = given.pop("user_ids", None)
        if "mode" in given:
            wire.one_of("mode", given["mode"], assignment.MODES)
        super().fill(row, given, allowed)
        if people is not None:
            row.user_ids = [wire.whole("user_ids", one) for one in (people if isinstance(people, list) else [people])]


def register(appbuilder):
    appbuilder.add_view(AssignmentRuleView, "assignment_rules", label=_l("Assignment rules"), icon="fa-user-check",
                        category="Administration", category_label=_l("Administration"))  # fmt: skip
    appbuilder.add_api(AssignmentRuleApi)
