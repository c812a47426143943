"""Order forms: a file, pasted rows or an earlier order become a preview, the preview becomes an order.

Nothing is ordered before the preview was seen, and nothing else than it showed: prices or products that changed
meanwhile are checked again first (CRT-03, CRT-11, X-36).
"""

import hashlib
from datetime import timedelta

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel import ngettext
from sqlalchemy import delete, select
from wtforms import BooleanField, Form, StringField, TextAreaField
from wtforms.validators import Length, Optional

from app.core import files_sniff, queue, scope, settings, sheets
from app.core.errors import BusinessError, Conflict, Forbidden, Malformed
from app.core.flow import Flow
from app.core.quantity import plain
from app.core.searchtext import fold
from app.rules import documents, entry, order_parts, order_preview, order_rows, order_terms, orders
from models.customers import Customer
from models.order_forms import OrderForm
from models.organisation import Currency

AT_ONCE = 10_000  # rows a request checks itself; more are checked in the background
CHUNK = 5_000  # rows of one transaction there
EMPTY_ROWS = 10  # so many times the most rows a table may have with the empty ones of a catalogue
FLOW = Flow(
    OrderForm,
    "order_form",
    states={
        "reading": _lp("order form", "Being checked"),
        "ready": _lp("order form", "Ready to order"),
        "ordered": _lp("order form", "Ordered"),
    },
    final=("ordered",), settable=False,
)
SOURCES = {"file": _l("File"), "rows": _l("Pasted rows"), "copy": _l("Copied order")}
settings.setting(
    "ORDER_FORM_MAX_MB", int, 10, _l("Largest order form file, in megabytes"), ("branch", "system")
)
settings.setting(
    "ORDER_FORM_MAX_ROWS", int, 20_000, _l("Most rows of an order form that order something"), ("branch", "system")
)
settings.setting(
    "ORDER_FORM_KEEP_DAYS", int, 14, _l("Days until an order form that nobody ordered from is removed"), ("system",)
)


class OrderTerms(Form):
    """What is said once for the order that is made."""

    submit = BooleanField(_l("Submit the order at once"), default=True)
    reference = StringField(_l("Reference"), [Optional(), Length(max=80)])
    remark = TextAreaField(_l("Remark"), [Optional(), Length(max=2000)])
    number = order_terms.NumberField()


@scope.narrow(OrderForm)
def own(actor):
    """A customer's people see what they sent themselves: a colleague may find other products than they do."""
    return OrderForm.created_by == (actor.user_id or 0)


# --- taking in ---------------------------------------------------------------------------------


def upload(work, name, stream, reader, *, customer=None, currency=None):
    """Take in a file and check its rows.

    :param customer: id; an external actor leaves it out
    :param currency: code; the customer's own where none is given
    :returns: the order form; of more than AT_ONCE rows a job checks them
    :raises BusinessError: at the field `file`: 'file_empty', 'file_too_large', 'file_type', 'file_name',
        'file_unsafe', 'file_locked', 'file_damaged', 'no_rows', 'no_quantity_column', 'too_many_rows';
        'customer_missing', 'bad_reference'
    """
    who = entry.customer_of(customer, work)
    most = settings.get("ORDER_FORM_MAX_ROWS", work, branch=who.branch_id)
    megabytes = settings.get("ORDER_FORM_MAX_MB", work, branch=who.branch_id)
    grids = sheets.read(name, stream, most_bytes=megabytes * 1024 * 1024, most_rows=most * EMPTY_ROWS,
                        known=order_rows.known, locale=reader.locale)  # fmt: skip
    read = order_rows.of_grids(grids, reader)
    stream.seek(0)
    content = stream.read()
    return _take_in(work, who, read, content, reader.locale, currency, source="file", name=files_sniff.safe_name(name))


def paste(work, text, reader, *, customer=None, currency=None):
    """Take in rows as they were typed or pasted: item code and quantity, by tab, semicolon, comma or space.

    :raises BusinessError: as `upload`, at the field `rows`
    """
    who = entry.customer_of(customer, work)
    try:
        rows = sheets.table(text, order_rows.known)
    except sheets.Unreadable as error:
        raise sheets.Unreadable(error.code, error.message, field="rows") from None
    read = order_rows.of_text(rows, reader)
    return _take_in(work, who, read, text.encode(), reader.locale, currency, source="rows", name="")


def of_rows(work, wanted, locale, *, customer=None, currency=None, source="rows", name=""):
    """Take in rows that are read already: [{"sku", "quantity": Decimal, "told"?}]."""
    who = entry.customer_of(customer, work)
    rows = [_row(at, one) for at, one in enumerate(wanted, 1)]
    return _take_in(work, who, order_rows.Read(rows), b"", locale, currency, source=source, name=name)


def _row(at, one):
    told = one.get("told")
    return {"at": at, "sku": one["sku"], "name": one.get("name", ""), "unit": "", "asked": plain(one["quantity"]),
            "quantity": plain(one["quantity"]), "told": None if told is None else plain(told),
            "problem": "" if one["quantity"] > 0 else "not_positive"}  # fmt: skip


def _take_in(work, who, read, content, locale, currency, *, source, name):
    field = {"field": "file" if source == "file" else "rows"}
    most = settings.get("ORDER_FORM_MAX_ROWS", work, branch=who.branch_id)
    if not read.rows:
        raise BusinessError("no_rows", _l("No row with an item code and a quantity was found."), **field)
    if len(read.rows) > most:
        text = _l("At most %(count)s rows can be ordered at once.", count=most)
        raise BusinessError("too_many_rows", text, **field)
    form = OrderForm(
        customer_id=who.id, source=source, name=name, size=len(content), locale=locale,
        sha256=hashlib.sha256(content).hexdigest() if content else "", currency_code=_currency(currency, who, work),
        row_count=len(read.rows), empty_count=read.empty, rows=read.rows,
    )  # fmt: skip
    at_once = len(read.rows) <= AT_ONCE
    if at_once:
        _judge(form, read.rows, read.rows, work)
    work.session.add(form)
    work.session.flush()
    if at_once:
        FLOW.run_one("check", form)
    else:
        queue.defer(work, "order_forms.check", {"form_id": form.id})
    return form


def _currency(code, who, work):
    wanted = (code or who.currency_code)[:3].upper()
    if work.session.get(Currency, wanted) is None:
        raise Malformed("bad_reference", _l("There is no such currency."), field="currency")
    return wanted


# --- checking ----------------------------------------------------------------------------------


def _judge(form, rows, some, work):
    """Check some of the rows; all of a product are among them. `rows` are not those the form has: they are changed."""
    customer = work.session.get(Customer, form.customer_id)
    order_preview.judge(some, order_preview.sketch(customer, form.currency_code, work), form.locale, work)
    form.checked_count = sum("mark" in row for row in rows)
    form.rows = rows


def advance(form_id, work):
    """Check the next rows of a large form; the caller commits and calls again.

    Whole products at a time, so that a killed worker's successor goes on with those that are left.
    :returns: False when nothing is left to do
    """
    locked = select(OrderForm).where(OrderForm.id == form_id, OrderForm.state == "reading").with_for_update()
    form = work.session.scalars(locked).one_or_none()
    if form is None:
        return False
    rows = [dict(row) for row in form.rows]
    groups = {}
    for row in rows:
        if "mark" not in row:
            groups.setdefault(fold(row["sku"]), []).append(row)
    some = []
    for group in groups.values():
        some += group
        if len(some) >= CHUNK:
            break
    if some:
        _judge(form, rows, some, work)
        work.session.flush()
    if len(some) < sum(map(len, groups.values())):
        return True
    FLOW.run_one("check", form)
    return False


@FLOW.transition(
    "check", source={"reading", "ready"}, target="ready", icon="fa-rotate",
    label=_l("Check again"), told=_lp("history", "Checked again"),
    ask=_l("Check every row against today's products and prices?"),
    ask_many=lambda many, count: ngettext(
        "Check every row of %(count)s order form against today's products and prices?",
        "Check every row of %(count)s order forms against today's products and prices?",
        many, count=count,
    ),
)  # fmt: skip
def check(form, work):
    """See what becomes of each row now; rows that were checked for the first time just now are only added up."""
    rows = [dict(row) for row in form.rows]
    if form.state == "ready" or any("mark" not in row for row in rows):
        _judge(form, rows, rows, work)
    marks, totals = order_preview.finish(rows, form.currency_code)
    form.rows, form.checked_at, form.checked_count = rows, work.now, len(rows)
    form.taken_count, form.changed_count, form.refused_count = (marks[one] for one in order_preview.MARKS)
    form.total_net, form.total_tax, form.total_gross = totals["net"], totals["tax"], totals["gross"]


# --- ordering ----------------------------------------------------------------------------------


def has_something(form, work):
    if not form.taken_count + form.changed_count:
        raise BusinessError("nothing_to_order", _l("No row of this order form can be ordered."))


def may_order(form, work):
    if not work.actor.may("order.write"):
        raise Forbidden("not_permitted", _l("You are not permitted to do this."))


@FLOW.transition(
    "order", source={"ready"}, target="ordered", icon="fa-cart-shopping", style="primary", form=OrderTerms,
    label=_l("Make the order"), ask=_l("The taken and changed rows become an order. Refused rows are left out."),
    ask_many=lambda many, count: ngettext(
        "The taken and changed rows of %(count)s order form become an order. Refused rows are left out.",
        "The taken and changed rows of %(count)s order forms become an order each. Refused rows are left out.",
        many, count=count,
    ),
    guards=(has_something, may_order),
)  # fmt: skip
def order(form, work, submit=False, reference="", remark="", number=None):
    """Make the order that the preview shows.

    :param number: of the order, where orders of its type are numbered by hand (X-16)
    :raises Conflict: 'preview_changed' where it would be another one by now
    """
    check_fresh(form, work)
    with work.doing("order.create"):
        made = orders.create(work, customer=form.customer_id, lines=lines(form), submit=submit, remark=remark or "",
                             reference=reference or "", currency_code=form.currency_code,
                             number=(number or "").strip() or None)  # fmt: skip
    form.order_id = made.id
    return made


def check_fresh(form, work):
    """Refuse to order what the preview did not show.

    :raises Conflict: 'preview_changed'
    """
    rows = [dict(row) for row in form.rows]
    before = [order_preview.outcome(row) for row in rows]
    customer = work.session.get(Customer, form.customer_id)
    order_preview.judge(rows, order_preview.sketch(customer, form.currency_code, work), form.locale, work)
    order_preview.finish(rows, form.currency_code)
    if [order_preview.outcome(row) for row in rows] != before:
        text = _l("Products or prices have changed since this preview was made. Check it again, then order.")
        raise Conflict("preview_changed", text)


def lines(form):
    """What can be ordered of a form: [{"sku", "quantity"}], for an order, a cart or an order that is changed."""
    return order_preview.lines(form.rows)


@orders.FLOW.transition(
    "copy", source=set(orders.FLOW.states), target=None, icon="fa-copy", label=_lp("order", "Copy"),
    told=_lp("history", "Copied"),
    ask=_l("Make a new draft of what this order has, at today's prices?"),
    ask_many=lambda many, count: ngettext(
        "Make a new draft of what %(count)s order has, at today's prices?",
        "Make a new draft of each of %(count)s orders, at today's prices?", many, count=count,
    ),
    guards=(order_parts.no_service,),
)  # fmt: skip
def copy(order, work):
    """Make a draft of what an order has, at today's prices; what is gone or changed is kept with it (CRT-11)."""
    wanted = [{"sku": line.sku, "name": line.name, "quantity": line.quantity_ordered, "told": line.unit_price}
              for line in order.lines]  # fmt: skip
    if not wanted:
        raise BusinessError("nothing_to_order", _l("This order has no lines."))
    form = of_rows(work, wanted, order.locale, customer=order.customer_id, currency=order.currency_code, source="copy",
                   name=order.number or f"#{order.id}")  # fmt: skip
    made = FLOW.run_one("order", form)
    documents.link(order, made, "copied", work)
    return made


# --- around it ---------------------------------------------------------------------------------


def of_order(order, work):
    """The form that an order was made of, as far as the actor may see it; None where there is none."""
    return work.session.scalars(select(OrderForm).where(OrderForm.order_id == order.id)).first()


def ordered_before(form, work):
    """An earlier form with the very same content that was ordered already: somebody may be about to do it twice."""
    if not form.sha256 or form.state == "ordered":
        return None
    same = select(OrderForm).where(OrderForm.customer_id == form.customer_id, OrderForm.sha256 == form.sha256,
                                   OrderForm.state == "ordered", OrderForm.id != form.id)  # fmt: skip
    return work.session.scalars(same.order_by(OrderForm.id.desc()).limit(1)).first()


def remove(form, work):
    """Throw a preview away; one that was ordered stays with its order.

    :raises Conflict: 'form_ordered'
    """
    if form.state == "ordered":
        raise Conflict("form_ordered", _l("An order was made of this form, so it stays."))
    work.session.delete(form)
    work.session.flush()
    return "deleted"


def clean(work):
    """Remove the previews nobody ordered from in time."""
    days = settings.get("ORDER_FORM_KEEP_DAYS", work)
    if days <= 0:  # as of everything that is kept for some days: 0 is for good
        return
    old = work.now - timedelta(days=days)
    gone = delete(OrderForm).where(OrderForm.state.in_(("reading", "ready")), OrderForm.created_at < old)
    work.session.execute(gone, execution_options={"synchronize_session": False})
