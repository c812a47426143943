"""What an order's page and JSON say of merging and splitting: where it came from, what it became, what can be done."""

from types import SimpleNamespace

from flask import g
from flask_babel import gettext as _

from app.core.localized import format_number
from app.reading import reader
from app.rules import order_parts, order_unmerge
from views import sections as section
from views.labels import label
from views.orders import OrderApi, OrderView
from views.related import there


def on_page(view, row, house):
    """The merged order a source went into, the orders and lines one was made of, and the ways to merge and split."""
    idle = {"merge": True, "unmerge": not _can_come_back(row)}  # merging begins in the list
    _split_has_a_page(view, row, house)
    house.actions = [one for one in house.actions if not idle.get(one.name)]
    if row.merged_at is not None:
        _say_what_became_of_it(view, row, house)
    if row.made_as:
        house.sections.append(_origins(row))


def _can_come_back(row):
    """Whether there are sources of a merge that could be brought back at all."""
    if row.merged_at is not None:
        return row.state == "cancelled"
    return row.made_as == "merge" and bool(order_unmerge.sources_of(row, g.work)[0])


def _split_has_a_page(view, row, house):
    """Lines are chosen on a page; a step that is not possible now still says why."""
    for one in [one for one in house.actions if one.name == "split" and one.enabled]:
        house.actions.remove(one)
        house.links.append(SimpleNamespace(label=one.label, url=view.url("split", pk=row.id), icon=one.icon))


def _say_what_became_of_it(view, row, house):
    for group in house.facts:  # nothing is kept back for it any more
        group["items"] = [one for one in group["items"] if one[0] != label("expires_at")]
    result = order_unmerge.result_of(row, g.work)
    if result is None:
        return
    house.next_step = _("Merged into %(order)s. This order is deleted in a few minutes.", order=result)
    house.links.append(SimpleNamespace(label=_("Open the merged order"), url=view.url("show", pk=result.id),
                                       icon="fa-object-group"))  # fmt: skip


def _origins(row):
    """From which order each line came, and how much of it."""
    rows = [(line.sku, line.name, one) for line in row.lines for one in line.origins]
    known = there("order", {one["order"] for _sku, _name, one in rows})
    lines = []
    for sku, name, one in rows:
        cells = one["number"] or f"#{one['order']}", sku, name, format_number(order_parts.taken_over(one), reader())
        lines.append(section.line(*cells, url=f"/orders/show/{one['order']}" if one["order"] in known else None))
    heads = [(_("Comes from"), "code"), (label("sku"), "code"), label("name"), (label("quantity"), "num")]
    empty = _("All of its lines were entered later.")
    return section.table("origins", _("Where the lines come from"), heads, lines, empty=empty)


def merged_into(row):
    """The order that a merged one went into, for JSON."""
    result = order_unmerge.result_of(row, g.work) if row.merged_at is not None else None
    return None if result is None else {"id": result.id, "number": result.number}


def register(appbuilder):
    if on_page not in OrderView.additions:  # a second application in the process shares the screen
        OrderView.additions.append(on_page)
    OrderApi.also["merged_into"] = merged_into
