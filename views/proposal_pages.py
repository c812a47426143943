"""Proposals as people see and write them: before and after of each line, the form to propose, the form to answer."""

from types import SimpleNamespace

from flask import g
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp

from app.core.errors import BusinessError
from app.core.flow import FLOWS
from app.core.localized import format_date, format_datetime, format_money, format_number, format_percent
from app.core.readable import parse_date, parse_decimal
from app.reading import reader
from app.rules import entry, proposed_lines
from app.rules import order_proposals as rules
from views import threads
from views.cells import price, unit

WORDS = {
    "": _lp("proposal", "Waiting for an answer"),
    "accepted": _lp("proposal", "Accepted"),
    "refused": _lp("proposal", "Refused"),
    "countered": _lp("proposal", "Countered"),
}
ENDS = {
    "open": _lp("proposal", "Open"),
    "answered": _lp("proposal", "Answered"),
    "withdrawn": _lp("proposal", "Withdrawn"),
    "closed": _lp("proposal", "Closed: the order went on"),
}
MARKS = {"": "waiting", "accepted": "approved", "refused": "rejected", "countered": "changed"}  # colours of badges
FIELDS = ("quantity", "unit_price", "requested_on", "substitute", "remark")
READ = {"quantity": parse_decimal, "unit_price": parse_decimal, "requested_on": parse_date}
MOST = {"substitute": 40, "remark": 500}
SIDES = {  # (whose it is, who looks)
    ("customer", True): _l("The customer proposes"), ("staff", True): _l("We propose"),
    ("customer", False): _l("You propose"), ("staff", False): _l("Our team proposes"),
}  # fmt: skip


# --- what is said ------------------------------------------------------------------------------


def terms(found, order, unit_code):
    """The terms of a line in the reader's words: [(title, text)]; none of a line that goes."""
    if found is None:
        return None
    cost = price(found["unit_price"], order.currency_code, reader())
    if found["discount_percent"]:
        cost = f"{cost} −{format_percent(found['discount_percent'], reader())}"
    day = found["requested_on"]
    return {
        "product": f"{found['sku']} · {found['name']}",
        "quantity": f"{format_number(found['quantity'], reader())} {unit(unit_code, reader())}",
        "unit_price": cost, "requested_on": format_date(day, "short", reader()) if day else "–",
        "amount": format_money(proposed_lines.worth(found, order), reader()),
    }  # fmt: skip


def titles():
    """What the terms of a line are called."""
    return {"product": _("Product"), "quantity": _("Quantity"), "unit_price": _("Unit price"),
            "requested_on": _("Delivery date"), "amount": _("Amount")}  # fmt: skip


def compared(line, order):
    """Before and after of a line of a proposal: [(title, before, after, whether it changes)]; after is None where it
    goes."""
    before = terms(proposed_lines.terms(line, False), order, line.unit_code)
    after = terms(proposed_lines.terms(line, True), order, proposed_lines.unit_of(line))
    return [
        SimpleNamespace(title=title, before=before[name], after=after and after[name],
                        changed=after is None or before[name] != after[name])
        for name, title in titles().items()
    ]  # fmt: skip


def shown(order, found, names, form=None, errors=None):
    """One proposal for the page of its order.

    :param names: {user id: name} of people the reader may know
    :param form: what somebody has typed so far, where the reader can answer it
    :param errors: {id of a line of the order: why it was refused}
    """
    inside = g.work.actor.inside
    ours = found.side == "staff"
    rows = [
        SimpleNamespace(
            id=line.id, sku=line.sku, name=line.name, parts=compared(line, order), gone=line.refuse, remark=line.remark,
            answer=WORDS[line.answer], mark=MARKS[line.answer], answered=bool(line.answer), why=line.answer_remark,
            typed=_typed_answer(line, form) if form is not None else None,
            error=(errors or {}).get(line.order_line_id), unit=unit(proposed_lines.unit_of(line), reader()),
        )
        for line in found.lines
    ]  # fmt: skip
    who = names.get(found.created_by) if inside or not ours else None
    ended = f"{ENDS[found.state]}"
    if found.closed_by:
        noun, _dot, verb = found.closed_by.partition(".")
        step = FLOWS[noun].transitions.get(verb)
        ended = _("Closed: %(step)s", step=step.told) if step else ended
    return SimpleNamespace(
        id=found.id, title=_("Round %(number)s", number=format_number(found.number, reader())), rows=rows,
        side=SIDES[found.side, inside], who=who, at=format_datetime(found.created_at, reader()), note=found.note,
        open=found.state == "open", ended=ended,
        ended_at=format_datetime(found.answered_at, reader()) if found.answered_at else None,
        answer_note=found.answer_note,
    )  # fmt: skip


def _drawn(line):
    """What the form of an answer shows of a line before anybody types: the terms the other side proposes."""
    after = proposed_lines.terms(line, True) or proposed_lines.terms(line, False)
    return {
        "quantity": format_number(after["quantity"], reader()),
        "unit_price": format_number(after["unit_price"], reader()),
        "requested_on": after["requested_on"].isoformat() if after["requested_on"] else "",
        "substitute": line.new_sku, "remark": "",
    }  # fmt: skip


def _typed_answer(line, form):
    """What the form of an answer holds for a line: what was typed, else what the other side proposes."""
    typed = {name: form.get(f"{name}-{line.id}", value) for name, value in _drawn(line).items()}
    return SimpleNamespace(**typed, answer=form.get(f"answer-{line.id}", ""), refuse=f"refuse-{line.id}" in form)


def panel(view, order, form=None, error=None):
    """Everything about the proposals of an order: the open one first, then the rounds before; None without any.

    :param form: what somebody has typed, after it was refused
    """
    found = rules.of_order(order, g.work)
    if not found:
        return None
    names = threads.authors([one.created_by for one in found if one.created_by])
    mine = order.proposed_side == rules.side(g.work)
    answering = bool(order.proposed_side) and not mine and view.may("answer")
    wrong = _wrong(error) if error else {}
    rounds = [shown(order, one, names, form if form is not None else {}, wrong)
              if one.state == "open" and answering else shown(order, one, names) for one in found]  # fmt: skip
    return SimpleNamespace(
        open=next((one for one in rounds if one.open), None), before=[one for one in rounds if not one.open],
        answering=answering, mine=mine, action=view.url("answer", pk=order.id), version=order.version,
        note=(form or {}).get("note", ""), error=str(error.message) if error else None,
        products_url=view.url("find_products"),
    )  # fmt: skip


def _wrong(error):
    """Why single lines were refused: {id of a line of the order: reason}."""
    return {row["line"]: row["message"] for row in error.details.get("lines") or () if isinstance(row, dict)}


# --- the form to propose -----------------------------------------------------------------------


def proposing(view, order, form=None, error=None):
    """The lines of an order with what somebody proposes for them."""
    form = form if form is not None else {}
    wrong = _wrong(error) if error else {}
    rows = []
    for line in order.lines:
        agreed = {"sku": line.sku, "name": line.name, "quantity": entry.agreed(line), "unit_price": line.unit_price,
                  "discount_percent": line.discount_percent, "requested_on": line.requested_on}  # fmt: skip
        typed = {name: form.get(f"{name}-{line.id}", "") for name in FIELDS}
        refuse = f"refuse-{line.id}" in form
        rows.append(SimpleNamespace(
            id=line.id, position=line.position, sku=line.sku, name=line.name, error=wrong.get(line.id),
            agreed=terms(agreed, order, line.unit_code), typed=SimpleNamespace(**typed, refuse=refuse),
            unit=unit(line.unit_code, reader()), opened=refuse or any(typed.values()) or len(order.lines) <= 3,
        ))  # fmt: skip
    return SimpleNamespace(
        crumbs=[(str(view.list_title), view.url("list")), (str(order), view.url("show", pk=order.id))],
        lead=_("What was agreed last stays binding until the other side accepts your proposal."), rows=rows,
        action=view.url("propose", pk=order.id), cancel_url=view.url("show", pk=order.id), version=order.version,
        note=form.get("note", ""), error=str(error.message) if error else None, titles=titles(),
        products_url=view.url("find_products"), currency=order.currency_code,
    )  # fmt: skip


def _named(order, form):
    """The ids of the lines for which somebody wrote something."""
    return [line.id for line in order.lines if _says(form, line.id)]


def _says(form, key):
    return f"refuse-{key}" in form or any(form.get(f"{name}-{key}", "").strip() for name in FIELDS)


def proposed(order, form):
    """What was typed on the form to propose, as `order_proposals.propose` takes it."""
    known = {line.id: line.position for line in order.lines}
    return {"lines": [_read(form, key, known[key]) for key in _named(order, form)], "note": form.get("note", "")[:2000]}


def answered(found, form):
    """What was typed on the form to answer, as `order_proposals.answer` takes it.

    What a counter leaves as the other side proposes it is not said anew.
    """
    said = {"note": form.get("note", "")[:2000], "proposal": found.id}
    if form.get("do") in ("accept", "refuse"):
        return said | {"rest": form["do"]}
    lines = []
    for line in found.lines:
        answer = form.get(f"answer-{line.id}", "")
        if answer == "counter":
            lines.append(_counter(line, _read(form, line.id, line.position)) | {"answer": answer})
        elif answer in rules.ANSWERS:
            remark = form.get(f"remark-{line.id}", "").strip()[: MOST["remark"]]
            lines.append({"id": line.id, "answer": answer, "remark": remark})
    return said | {"lines": lines}


def _counter(line, row):
    """What a counter says anew. Terms left as they were drawn are not said, or a discount and the price of a former
    substitute would count as typed; a substitute that was emptied means the agreed product."""
    drawn = {name: READ[name](text, reader()) for name, text in _drawn(line).items() if name in READ and text}
    row = {name: value for name, value in row.items() if name not in drawn or value != drawn[name]}
    if row.get("substitute", "").upper() == line.new_sku.upper():
        row.pop("substitute", None)
    elif not row.get("substitute"):
        row["substitute"] = line.sku
    return row


def _read(form, key, position):
    """What was typed for a line, figures and days as the reader writes them.

    :raises BusinessError: 'bad_data' naming the line
    """
    row = {"id": key}
    if f"refuse-{key}" in form:
        row["refuse"] = True
    for name in FIELDS:
        typed = form.get(f"{name}-{key}", "").strip()
        if not typed:
            continue
        try:
            row[name] = READ[name](typed, reader()) if name in READ else typed[: MOST[name]]
        except ValueError as error:
            raise BusinessError("bad_data", _("Line %(line)s: %(reason)s", line=position, reason=str(error))) from None
    return row
