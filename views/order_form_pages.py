"""What the pages of order forms show: the form that is sent, the preview row by row, how far a check is."""

from decimal import Decimal
from types import SimpleNamespace

from flask import g, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_wtf.file import FileField
from sqlalchemy import select
from wtforms import SelectField, TextAreaField

from app.core import sheets
from app.core.localized import format_money, format_number
from app.core.money import Money
from app.core.needed import Needed
from app.extensions import db
from app.reading import locale, reader
from app.rules import order_forms, order_preview
from config import LANGUAGES
from models.customers import Customer
from models.orders import Order
from models.organisation import Currency
from models.products import PriceList
from reports.order_forms import MARKS
from views import wire
from views.cells import price as price_text
from views.cells import said
from views.cells import unit as unit_text
from views.fields import HouseForm, ReferenceField, options

SHOWN = 100  # rows of one page of a preview
TONES = {"taken": "good", "changed": "changed", "refused": "refused"}
_ROWS = {"rows": 8, "class": "code", "placeholder": "85123A; 6", "spellcheck": "false"}


class SendForCustomer(HouseForm):
    """An order form as it is sent for a customer that is chosen."""

    customer = ReferenceField(
        _l("Customer"), [Needed(_l("Fill in this field."))], target=Customer, endpoint="/customers/choices"
    )
    file = FileField(_l("Order form file"), render_kw={"accept": sheets.ACCEPT},
                     description=_l("XLSX, XLS, ODS or CSV with item codes and quantities."))  # fmt: skip
    rows = TextAreaField(_l("Or paste rows"), render_kw=_ROWS,
                         description=_l("One product in each row: item code, then quantity, with a tab, semicolon, "
                                        "comma or space between them."))  # fmt: skip
    currency = ReferenceField(_l("Currency"), target=Currency, endpoint="/currencies/choices")


class SendForm(HouseForm):
    """The same as a customer's own user sends it."""

    file, rows, currency = SendForCustomer.file, SendForCustomer.rows, SendForCustomer.currency


class TemplateForm(HouseForm):
    """Which order form is downloaded."""

    price_list = SelectField(_l("Price list"))
    language = SelectField(_l("Language"), choices=options({code: one["name"] for code, one in LANGUAGES.items()}))


def send_form(actor):
    """The form for whoever sends: one customer's people need not choose him."""
    return SendForm if actor.kind == "external" and len(actor.customers) == 1 else SendForCustomer


def asked_customer():
    """The customer named in the address, as far as the actor may see him."""
    wanted = request.args.get("customer", "")
    return db.session.get(Customer, int(wanted)) if wanted.isdecimal() and len(wanted) < 19 else None


def add_page(view, form):
    """The page on which an order form is downloaded and sent."""
    chosen = form.customer.data if "customer" in form else None
    download = TemplateForm(data={"language": locale()})
    lists = db.session.scalars(select(PriceList).where(PriceList.archived_at.is_(None)).order_by(PriceList.name))
    own = {"": _("Prices of the customer") if "customer" in form else _("My prices")}
    named = {str(one.id): f"{said(one, reader())} ({one.currency_code})" for one in lists}
    download.price_list.choices = options(own | named)
    house = SimpleNamespace(
        crumbs=[(str(view.list_title), view.url("list"))], cancel_url=view.url("list"), save_label=_("Preview"),
        lead=_("Send a file or paste rows. You see what becomes of each row before anything is ordered."),
        download=download, template_url=view.url("template", kind="xlsx"),
        csv_url=view.url("template", kind="csv"), customer=chosen, needs_customer="customer" in form,
    )  # fmt: skip
    status = 422 if form.errors or form.form_errors else 200
    page = render_template("house/order_form.html", title=view.add_title, form=form, house=house,
                           appbuilder=view.appbuilder, base_template=view.appbuilder.base_template)  # fmt: skip
    return page, status


def told(row):
    """What became of what was sent, in one sentence."""
    if row.state == "reading":
        return _("The rows are being checked.")
    said = {name: format_number(getattr(row, f"{name}_count"), reader()) for name in order_preview.MARKS}
    return _("Rows taken: %(taken)s, changed: %(changed)s, refused: %(refused)s.", **said)


def next_step(row):
    """What comes next, in words."""
    if row.state == "reading":
        return _("The rows are being checked.")
    if row.state == "ready" and not row.taken_count + row.changed_count:
        return _("None of the rows can be ordered: see the reasons, correct the file and send it again.")
    return _("Look at the rows, then make the order.") if row.state == "ready" else None


# --- the preview -------------------------------------------------------------------------------


def fill(view, row, house):
    """What the page of an order form shows beside its facts."""
    if row.state == "reading":
        body = render_template("house/_order_form_progress.html", job=progress(view, row))
        house.sections.append(SimpleNamespace(id="progress", title=_("Progress"), body=body))
        return
    mark = request.args.get("mark", "") if request.args.get("mark") in MARKS else ""
    found = [one for one in row.rows if mark in ("", one["mark"])]
    page = _page(len(found))
    shown = [row_for_people(one, row.currency_code) for one in found[page * SHOWN : (page + 1) * SHOWN]]
    body = render_template("house/_order_form_rows.html", lead=_lead(row), rows=shown, more_url=None,
                           tabs=_tabs(view, row, mark), pages=_pages(view, row, mark, page, len(found)))  # fmt: skip
    house.sections.append(SimpleNamespace(id="rows", title=_("Rows"), body=body))
    house.history = None  # the rows need the room, and tell all that happened
    house.links.append(SimpleNamespace(label=_("Download with reasons"), url=view.url("file", pk=row.id),
                                       icon="fa-file-arrow-down"))  # fmt: skip
    if row.refused_count:
        house.links.append(SimpleNamespace(label=_("Download the refused rows"), icon="fa-file-circle-exclamation",
                                           url=view.url("file", pk=row.id, mark="refused")))  # fmt: skip
    _made(row, house)


def _made(row, house):
    """The order that was made of this form, or of the very same file before."""
    if row.order_id:
        order = db.session.get(Order, row.order_id)
        if order is not None:
            house.facts[0]["items"].append((_("Order"), (str(order), f"/orders/show/{order.id}"), "link"))
    earlier = order_forms.ordered_before(row, g.work)
    if earlier is not None:
        text = (_("This file was ordered before"), (str(earlier), f"/order_forms/show/{earlier.id}"), "link")
        house.facts[0]["items"].append(text)
        house.badges.append(SimpleNamespace(code="warning", label=_("Ordered before")))


def _lead(row):
    if not row.empty_count:
        return None
    return ngettext("%(count)s row without a quantity was left out.",
                    "%(count)s rows without a quantity were left out.", row.empty_count,
                    count=format_number(row.empty_count, reader()))  # fmt: skip


def _tabs(view, row, mark):
    counts = {"": row.row_count, "taken": row.taken_count, "changed": row.changed_count, "refused": row.refused_count}
    return [
        SimpleNamespace(label=MARKS[code]() if code else _("All"), count=format_number(count, reader()),
                        url=view.url("show", pk=row.id, **({"mark": code} if code else {})) + "#rows",
                        active=code == mark)
        for code, count in counts.items() if count or code in ("", mark)
    ]  # fmt: skip


def _page(total):
    wanted = request.args.get("page", "")
    last = max((total - 1) // SHOWN, 0)
    return min(int(wanted), last) if wanted.isdecimal() and len(wanted) < 9 else 0


def _pages(view, row, mark, page, total):
    if total <= SHOWN:
        return None
    def address(number):
        return view.url("show", pk=row.id, page=number, **({"mark": mark} if mark else {})) + "#rows"
    first, last = page * SHOWN + 1, min((page + 1) * SHOWN, total)
    figures = (("first", first), ("last", last), ("total", total))
    said = {name: format_number(value, reader()) for name, value in figures}
    return SimpleNamespace(
        text=_("Rows %(first)s to %(last)s of %(total)s", **said),
        prev_url=address(page - 1) if page else None, next_url=address(page + 1) if last < total else None,
    )  # fmt: skip


def row_for_people(row, currency):
    """One row of the preview, everything formatted."""
    take, amounts = Decimal(row["take"]), row["amounts"]
    return SimpleNamespace(
        at=format_number(row["at"], reader()), sku=row["code"] or row["sku"], name=row["product"],
        asked=format_number(Decimal(row["quantity"]), reader()) if row["quantity"] else row["asked"],
        take=f"{format_number(take, reader())} {unit_text(row['unit_code'], reader())}" if amounts else "",
        price=price_text(Decimal(row["price"]), currency, reader()) if row["price"] and amounts else "",
        amount=format_money(Money(Decimal(amounts[2 if row["gross"] else 0]), currency), reader()) if amounts else "",
        mark=TONES[row["mark"]], word=MARKS[row["mark"]](), reasons=_reasons(row, currency),
    )  # fmt: skip


def _reasons(row, currency):
    found = order_preview.reasons(row, currency, reader())
    if row["short"] is not None:
        found.append(_("In stock now: %(quantity)s", quantity=format_number(Decimal(row["short"]), reader())))
    return found


def row_for_programs(row, currency):
    """One row of the preview as JSON."""
    told = order_preview.reasons(row, currency, reader())
    net, tax, gross = row["amounts"] or (None, None, None)
    return {
        "row": row["at"], "sku": row["code"] or row["sku"], "name": row["product"], "asked": row["asked"],
        "quantity": row["take"], "unit": row["unit_code"], "mark": row["mark"],
        "unit_price": wire.amount(Decimal(row["price"]), currency) if row["price"] else None,
        "net": net and wire.amount(Decimal(net), currency), "tax": tax and wire.amount(Decimal(tax), currency),
        "gross": gross and wire.amount(Decimal(gross), currency), "available": row["short"],
        "reasons": [{"code": code, "message": text} for (code, _values), text in zip(row["why"], told, strict=True)],
    }  # fmt: skip


# --- progress ----------------------------------------------------------------------------------


def progress(view, row):
    """How far the check of a large form is."""
    said = {"handled": format_number(row.checked_count, reader()), "total": format_number(row.row_count, reader())}
    over = row.state != "reading"
    return SimpleNamespace(
        title=_("The rows are being checked."), state="done" if over else "running",
        state_label=str(order_forms.FLOW.states[row.state]), total=row.row_count, handled=row.checked_count, over=over,
        text=_("Rows checked: %(handled)s of %(total)s.", **said), stop_url=None,
        status_url=url_for("OrderFormView.status", pk=row.id), next_url=view.url("show", pk=row.id) if over else None,
    )  # fmt: skip
