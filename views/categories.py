"""Screens and API of the catalogue's tree (CAT-03)."""

from flask import g, request
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.core.localized import pick
from app.reading import locale
from app.rules import products
from models.products import Category
from views.api import HouseApi
from views.base import Interface
from views.filters import Refers
from views.masters import ARCHIVED, Active, MasterView
from views.sections import records

MOST = 500  # categories that are drawn as a tree; more are listed flat
INDENT = "\u2003"


class CategoryView(MasterView):
    datamodel = Interface(Category)
    noun = "category"
    route_base = "/categories"
    list_title, add_title, edit_title = _l("Categories"), _l("New category"), _l("Change the category")
    add_label = _l("New category")
    list_columns = ["names", "code", "parent"]
    add_columns = edit_columns = ["code", "names", "parent"]
    facts = ((None, ["code", "names", "parent"]),)
    filters = (Refers("parent", Category, "/categories/choices"), ARCHIVED)
    on_save = staticmethod(products.check_category)
    on_delete = staticmethod(products.remove_category)
    page_size = MOST

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.base_order = ("id", "asc")

    @expose("/list/")
    @has_access
    def list(self):
        house = self.listed()
        if not set(request.args) - {"lang"} and house.next_url is None:
            house.rows = self._tree(house.rows)
        return self.render_template("house/list.html", title=self.list_title, house=house, widgets={})

    def _tree(self, rows):
        """The rows in the order of the tree, each indented below its parent."""
        found = {row.id: row for row in self.query().filter(Category.archived_at.is_(None)).limit(MOST)}
        cells, below = {row.id: row for row in rows}, {}
        for row in found.values():
            below.setdefault(row.parent_id if row.parent_id in found else None, []).append(row)
        ordered = []

        def walk(parent, depth):
            for row in sorted(below.get(parent, ()), key=lambda one: pick(one.names, locale())):
                line = cells[row.id]
                line.cells[0] = INDENT * depth + pick(row.names, locale())
                ordered.append(line)
                walk(row.id, depth + 1)

        walk(None, 0)
        return ordered

    def more(self, row, house):
        super().more(row, house)
        if self.outside:
            house.history = None
        house.number, house.subtitle = pick(row.names, locale()), row.code
        below = self.query().filter(Category.parent_id == row.id)
        names = ("names", "code")
        house.sections.append(records("below", _("Categories below"), below, Category, names, "/categories"))


class CategoryApi(HouseApi):
    noun = "category"
    model = Category
    resource_name = "categories"
    list_fields = ("id", "version", "code", "name", "parent", "active")
    show_fields = ("names",)
    filter_columns = ("id", "code", "parent", "active")
    word_filters = {"active": Active("active")}
    write_fields = ("code", "names", "parent")
    on_save = staticmethod(products.check_category)
    on_delete = staticmethod(products.remove_category)

    def value(self, row, name):
        if name == "name":
            return pick(row.names, locale())
        return row.names if name == "names" else super().value(row, name)

    def loaded(self):
        return ["id", "version", "code", "names", "parent", "archived_at"]


def register(appbuilder):
    appbuilder.add_view(CategoryView, "categories", label=_l("Categories"), icon="fa-sitemap", category="Catalogue",
                        category_label=_l("Catalogue"), menu_cond=lambda: g.work.actor.inside)  # fmt: skip
    appbuilder.add_api(CategoryApi)
