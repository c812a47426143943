"""Screens and API of price lists: for everyone, for customers or access groups, in one currency, for a time."""

from types import SimpleNamespace

from flask import g
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.core.localized import format_number, pick
from app.extensions import db
from app.reading import locale, reader
from app.rules import price_lists
from models.organisation import Currency
from models.products import Price, PriceList
from views.api import HouseApi
from views.base import Interface
from views.cells import price as price_text
from views.filters import Flag, Since
from views.masters import ARCHIVED, Active, Coded, MasterView
from views.offering import Offering
from views.prices import PriceInList
from views.sections import button, line, table

SHOWN = 50


class PriceListView(Offering, MasterView):
    datamodel = Interface(PriceList)
    noun = "price_list"
    route_base = "/price_lists"
    list_title, add_title, edit_title = _l("Price lists"), _l("New price list"), _l("Change the price list")
    add_label = _l("New price list")
    list_columns = ["name", "currency", "valid_from", "valid_until", "includes_tax", "everyone"]
    portal_columns = ["name", "currency", "valid_from", "valid_until", "includes_tax"]
    internal = frozenset({"other_names", "everyone", "archived", "archived_at"})
    add_columns = edit_columns = ["name", "other_names", "currency", "valid_from", "valid_until", "includes_tax"]
    facts = ((None, ["name", "other_names", "currency", "valid_from", "valid_until", "includes_tax"]),)
    filters = (
        Coded("currency", Currency, "/currencies/choices"), Flag("everyone"), Flag("includes_tax"),
        Since("valid_from", "valid_from", _l("Valid from")), ARCHIVED,
    )  # fmt: skip
    on_save = staticmethod(price_lists.check)
    on_delete = staticmethod(price_lists.remove)

    def more(self, row, house):
        super().more(row, house)
        house.sections.append(_prices(row))
        if self.outside:
            house.history = None
            return
        house.sections.append(self.audience(row))
        if g.work.actor.may("desk.write"):
            url = f"/desk/prices/?price_list={row.id}"
            house.links.append(SimpleNamespace(label=_("Edit like a spreadsheet"), url=url, icon="fa-table-cells"))


def _prices(row):
    """The first prices of a list, and the way to all of them."""
    may = g.work.actor.may
    found = db.session.scalars(
        select(Price).where(Price.price_list_id == row.id).options(joinedload(Price.product))
        .order_by(Price.id.desc()).limit(SHOWN)
    ).all()  # fmt: skip
    rows = [
        line(
            (one.product.sku, f"/products/show/{one.product_id}"),
            pick(one.product.names, locale()),
            format_number(one.from_quantity, reader()),
            price_text(one.unit_price, row.currency_code, reader()),
            buttons=(
                button(_("Edit"), f"/prices/edit/{one.id}", "fa-pen") if may("price.write") else None,
                button(_("Delete"), f"/prices/delete/{one.id}", "fa-trash", post=True, danger=True,
                       ask=_("Delete this price?")) if may("price.delete") else None,
            ),
        )
        for one in found if one.product is not None and (g.work.actor.inside or one.product.active)
    ]  # fmt: skip
    form = None
    if may("price.write"):
        action = f"/prices/add?price_list={row.id}"
        form = (action, PriceInList(data={"price_list": row.id}), _("Add a price"))
    more = button(_("Show all"), f"/prices/list/?price_list={row.id}", "fa-list")
    columns = ((_("SKU"), "link"), _("Product"), (_("From quantity"), "num"), (_("Unit price"), "num"))
    return table("prices", _("Prices"), columns, rows, form=form, buttons=(more,) if len(found) == SHOWN else ())


class PriceListApi(HouseApi):
    noun = "price_list"
    model = PriceList
    resource_name = "price_lists"
    list_fields = ("id", "version", "name", "currency", "includes_tax", "valid_from", "valid_until", "active")
    show_fields = ("other_names", "everyone")
    portal_hidden = frozenset({"other_names", "everyone", "archived_at"})
    filter_columns = ("id", "name", "currency", "currency_code", "includes_tax", "valid_from", "valid_until", "active")
    word_filters = {"active": Active("active")}
    write_fields = ("name", "other_names", "currency", "includes_tax", "valid_from", "valid_until")
    on_save = staticmethod(price_lists.check)
    on_delete = staticmethod(price_lists.remove)

    def query(self):
        query = super().query()
        return query if g.work.actor.inside else query.filter(PriceList.archived_at.is_(None))

    def value(self, row, name):
        return row.currency_code if name == "currency" else super().value(row, name)

    def loaded(self):
        return [*(set(self.fields(self.list_fields)) - {"currency", "active"}), "currency_code", "archived_at"]


def register(appbuilder):
    appbuilder.add_view(PriceListView, "price_lists", label=_l("Price lists"), icon="fa-tags", category="Catalogue",
                        category_label=_l("Catalogue"), menu_cond=lambda: g.work.actor.inside)  # fmt: skip
    appbuilder.add_api(PriceListApi)
