"""Refund proposals: what finance decides on after a paid order was cancelled, and where that is seen (X-15)."""


from flask import g
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from sqlalchemy import select

from app.extensions import db
from app.reading import reader
from app.rules import refund_proposals as rules
from models.customers import Customer
from models.orders import Order
from models.refund_proposals import RefundProposal
from views import my_work
from views.api import HouseApi
from views.base import HouseView, Interface
from views.cells import show
from views.filters import Least, OwnerWords, Refers, Since
from views.labels import label
from views.orders import OrderView
from views.payments import PaymentView
from views.sections import line, table

COLUMNS = ("order", "payment", "amount", "state", "created_at")


class RefundProposalView(HouseView):
    datamodel = Interface(RefundProposal)
    noun = "refund_proposal"
    flow = rules.FLOW
    route_base = "/refund_proposals"
    list_title = _l("Refund proposals")
    list_columns = ["order", "customer", "payment", "amount", "state", "created_at", "decided_at"]
    label_columns = {"created_at": _l("Proposed at")}
    add_columns = edit_columns = ["amount"]
    facts = ((None, ["customer", "amount", "created_at", "decided_at"]),)
    exclude_route_methods = HouseView.exclude_route_methods | {"add", "edit", "delete"}
    filters = (
        OwnerWords("customer_name", Customer, _l("Customer name")), Refers("customer", Customer, "/customers/choices"),
        Refers("order", Order, "/orders/choices"), Least("least", "amount", _l("Amount from")),
        Least("most", "amount", _l("Amount up to"), most=True),
        Since("from", "created_at", _l("Proposed from")),
        Since("until", "created_at", _l("Proposed until"), until=True),
    )  # fmt: skip

    def next_step(self, row):
        if row.state == "proposed":
            return _("Send the money back and confirm the refund, or dismiss the proposal with a reason.")
        return None

    def more(self, row, house):
        for noun, one in (("order", row.order), ("payment", row.payment)):
            if one is not None and g.work.actor.may(f"{noun}.read"):
                house.facts[0]["items"].append((label(noun), (str(one), f"/{noun}s/show/{one.id}"), "link"))


def section(row, column):
    """The proposals of an order or a payment, for its page; None where there are none."""
    if not g.work.actor.inside or not g.work.actor.may("refund_proposal.read"):
        return None
    rows = db.session.scalars(select(RefundProposal).filter_by(**{column: row.id}).order_by(RefundProposal.id)).all()
    heads = [(label("order"), "code"), (label("payment"), "code"), (label("amount"), "num"), (label("state"), "state"),
             (_("Proposed at"), "date")]  # fmt: skip
    lines = [line(*[show(one, name, reader(), rules.FLOW.states) for name in COLUMNS],
                  url=f"/refund_proposals/show/{one.id}") for one in rows]  # fmt: skip
    return table("refunds", _("Refund proposals"), heads, lines) if lines else None


def on_order(view, row, house):
    """What of a cancelled order has to go back."""
    found = section(row, "order_id") if row.state == "cancelled" else None
    if found is not None:
        house.sections.insert(0, found)


def on_payment(view, row, house):
    """The same on the page of the payment."""
    found = section(row, "payment_id")
    if found is not None:
        house.sections.insert(0, found)


class RefundProposalApi(HouseApi):
    """Refund proposals over REST, for staff."""

    noun = "refund_proposal"
    model = RefundProposal
    flow = rules.FLOW
    resource_name = "refund_proposals"
    list_fields = ("id", "version", "state", "order", "payment", "customer", "amount", "currency", "created_at",
                   "decided_at")  # fmt: skip
    filter_columns = ("id", "state", "order", "payment", "customer", "amount", "created_at", "customer_name")
    word_filters = {"customer_name": OwnerWords("customer_name", Customer)}

    def value(self, row, name):
        return row.currency_code if name == "currency" else super().value(row, name)

    def loaded(self):
        return [*(name for name in self.list_fields if name != "currency"), "currency_code"]


OrderView.additions.append(on_order)
PaymentView.additions.append(on_payment)
my_work.waits("refund_proposal", _l("Refund proposals"), RefundProposal,
              ("order", "customer", "payment", "amount", "state"), lambda user: RefundProposal.state == "proposed",
              "/refund_proposals/list/?state=proposed", permission="refund_proposal.confirm")  # fmt: skip


def register(appbuilder):
    appbuilder.add_view(RefundProposalView, "refund_proposals", label=_l("Refund proposals"), icon="fa-undo",
                        category="Billing", category_label=_lp("menu", "Billing"),
                        menu_cond=lambda: g.work.actor.inside)  # fmt: skip
    appbuilder.add_api(RefundProposalApi)
