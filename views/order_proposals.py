"""Proposals on the page of an order, in the lists of those they wait for, and on their home pages."""

from types import SimpleNamespace

from flask_babel import gettext as _

from views.orders import OrderView


def on_page(view, row, house):
    """The proposals of an order, the way to make one, and who is waited for."""
    body = view.proposals_section(row) if row.submitted_at is not None else None
    if body is not None:
        house.sections.insert(0, SimpleNamespace(id="proposals", title=_("Proposals"), body=body))
    for one in house.actions:
        if one.name in ("propose", "answer") and one.enabled:
            url = "#proposals" if one.name == "answer" else view.url("propose", pk=row.id)
            house.links.append(SimpleNamespace(label=one.label, url=url, icon=one.icon))
    house.actions = [one for one in house.actions if one.name != "withdraw" or one.enabled]


def register(appbuilder):
    if on_page not in OrderView.additions:  # a second application in the process shares the screen
        OrderView.additions.append(on_page)
