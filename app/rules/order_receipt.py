"""Receipt: the customer confirms that he has everything, and the order is completed by itself (ORD-23, TKT-05).

The completion runs as a job right after the confirmation, in the name of the house: only we complete an order.
"""

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel import ngettext

from app.core import facts
from app.core.errors import Conflict
from app.rules import orders, ratings

FLOW = orders.FLOW


def not_received(order, work):
    """Receipt is confirmed once.

    :raises Conflict: 'received'
    """
    if order.received_at is not None:
        raise Conflict("received", _l("Receipt of this order has been confirmed already."))


@FLOW.transition(
    "receive", source={"released"}, target=None, icon="fa-box-open", style="primary", as_house=True,
    label=_l("Confirm receipt"), told=_lp("history", "Receipt confirmed"),
    ask=_l("Have you received everything? Then please tell us how satisfied you are, too."),
    ask_many=lambda many, count: ngettext(
        "Confirm that you have received everything of %(count)s order?",
        "Confirm that you have received everything of %(count)s orders?", many, count=count,
    ),
    form=ratings.RatingForm, guards=(not_received, orders.all_done),
)  # fmt: skip
def receive(order, work, stars=None, comment=None):
    """The customer has received everything; on this occasion he may rate the order.

    :raises BusinessError: what `ratings.given` refuses
    """
    order.received_at, order.received_by = work.now, work.actor.user_id
    ratings.given(order, stars, comment, work)


@facts.on("order.receive", called="receipt.settle")
def settle(fact, order, work):
    """Complete an order whose receipt the customer confirmed. Safe to run twice."""
    if order.state == "released" and order.received_at is not None:
        FLOW.run_one("complete", order)
