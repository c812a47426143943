"""What waits for a customer, kind by kind: what only he can answer before what he has begun himself (UI-13)."""

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from flask import g
from flask_babel import gettext as _
from sqlalchemy import func, literal_column, select
from sqlalchemy.orm import joinedload

from app.core.localized import format_number
from app.extensions import db
from app.reading import reader
from app.rules import order_next, quotes
from models.orders import Order
from models.quotes import Quote
from models.wizard_drafts import WizardDraft
from models.work_stages import WorkStage
from views import wizard_drafts, work_stages
from views.unread import CAP

SHOWN = 5  # records of a kind; the others are in its list


@dataclass(frozen=True)
class Kind:
    """Records of one kind that wait for the customer.

    :param told: (record) -> its line: `title`, `note`, `url`, `icon`
    :param url: their list, with the filter set
    :param first: what comes before the newest; `load`: what is read along with them
    """

    permission: str
    title: Any
    model: Any
    waits: Any
    told: Callable
    url: str
    first: tuple = ()
    load: tuple = ()

    @property
    def query(self):
        return db.session.query(self.model).filter(self.waits)

    def rows(self):
        return self.query.options(*self.load).order_by(*self.first, self.model.id.desc()).limit(SHOWN).all()


def kinds():
    """The kinds the reader may see, in the order of their weight."""
    agreed = Order.proposed_side.is_(None)
    offered = (Quote.state == "offered") & Quote.countered_at.is_(None)
    found = [
        Kind("work.approve", _("Work to approve"), WorkStage, WorkStage.state == "shown", work_stages.told,
             "/work_stages/list/?state=shown"),
        Kind("order.read", _("Proposals to answer"), Order, Order.proposed_side == "staff", _order,
             "/orders/list/?proposed_side=staff"),
        Kind("order.read", _("Changed orders"), Order, (Order.state == "changed") & agreed, _order,
             "/orders/list/?state=changed", (Order.changed_side == "customer",)),
        Kind("quote.read", _("Offers to answer"), Quote, offered, _quote, "/quotes/list/?state=offered"),
        Kind("order.release", _("Confirmed orders"), Order, order_next.to_send(g.work), _order,
             "/orders/list/?state=confirmed", (Order.expires_at.asc().nulls_last(),)),
        Kind("order.read", _("Order drafts"), Order, (Order.state == "draft") & agreed, _order,
             "/orders/list/?state=draft"),
        Kind("quote.read", _("Quote drafts"), Quote, Quote.state == "draft", _quote, "/quotes/list/?state=draft"),
        Kind("wizard_draft.write", _("Unfinished orders"), WizardDraft, WizardDraft.state == "open",
             wizard_drafts.told, "/wizard_drafts/list/?state=open", load=(joinedload(WizardDraft.edition),)),
    ]  # fmt: skip
    return [one for one in found if g.work.actor.may(one.permission)]


def todo():
    """The lines of what waits, the first ones of each kind, and how much it is in all, in figures; none for nothing."""
    mine = kinds()
    counts = db.session.query(*[_count(one) for one in mine]).one() if mine else ()
    lines = []
    for one, many in zip(mine, counts, strict=True):
        lines += [one.told(row) for row in one.rows()] if many else []
        lines += [_more(one, many)] if many > SHOWN else []
    return lines, _said(sum(counts)) if lines else None


def _count(kind):
    inner = kind.query.with_entities(literal_column("1")).limit(CAP + 1).subquery()
    return select(func.count()).select_from(inner).scalar_subquery()


def _said(many):
    return format_number(min(many, CAP), reader()) + ("+" if many > CAP else "")


def _more(kind, many):
    return SimpleNamespace(title=kind.title, note=_("Show all"), url=kind.url, icon="fa-list", count=_said(many))


def _order(row):
    return SimpleNamespace(title=str(row), note=order_next.next_step(row, g.work, reader()),
                           url=f"/orders/show/{row.id}", icon="fa-file-lines")  # fmt: skip


def _quote(row):
    return SimpleNamespace(title=str(row), note=quotes.next_step(row, g.work), url=f"/quotes/show/{row.id}",
                           icon="fa-file-invoice")  # fmt: skip
