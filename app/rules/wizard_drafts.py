"""Filling in a service step by step: every step is kept, can be left and resumed, and becomes an order at the end."""

from datetime import timedelta

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from sqlalchemy import select
from wtforms import Form, StringField, TextAreaField
from wtforms.validators import Length, Optional

from app.core import settings
from app.core.errors import BusinessError, Conflict, NotFound
from app.core.flow import Flow
from app.core.localized import DEFAULT
from app.rules import entry, files, order_terms, orders, service_answers, service_price
from app.rules import service_design as design
from models.orders import Order
from models.organisation import Currency
from models.products import Product
from models.services import Service, ServiceVersion
from models.wizard_drafts import WizardDraft

NOUN = "wizard_draft"
FILES_AT_MOST = 20  # in one field

FLOW = Flow(
    WizardDraft,
    NOUN,
    states={"open": _lp("wizard draft", "Unfinished"), "ordered": _lp("wizard draft", "Ordered")},
    final={"ordered"}, settable=False,
)
settings.setting(
    "WIZARD_DRAFT_DAYS", int, 30, _l("Days after which an unfinished order of the wizard is removed (0: never)")
)


class ConfirmForm(Form):
    """What is said with the whole order."""

    reference = StringField(_l("Reference"), [Optional(), Length(max=80)])
    remark = TextAreaField(_l("Remark"), [Optional(), Length(max=20_000)])
    number = order_terms.NumberField()


# --- beginning and leaving ---------------------------------------------------------------------


def begin(service_id, work, customer=None, currency=None):
    """Begin to fill in a service for a customer.

    :param customer: id, left out by an external actor of one customer
    :param currency: code; default the customer's own
    :raises NotFound: there is no such service on offer; BusinessError: 'customer_missing', 'bad_reference',
        'service_not_offered', 'no_exchange_rate'
    """
    service = work.session.get(Service, service_id) if 0 < service_id < 2**63 else None
    if service is None or service.state != "published":
        raise NotFound("not_found", _l("There is no such service."))
    who = entry.customer_of(customer, work)
    code = currency or who.currency_code
    if work.session.get(Currency, code) is None:
        raise BusinessError("bad_reference", _l("There is no such currency."), field="currency")
    edition = work.session.get(ServiceVersion, service.published_id)
    service_price.rows(edition, {}, who, code, work)  # refuses now what could not be priced at the end
    if work.session.get(Product, edition.product_id) is None:
        raise BusinessError("service_not_offered", _l("This service is not offered to you."))
    draft = WizardDraft(customer_id=who.id, service_id=service.id, service_version_id=edition.id, currency_code=code)
    work.session.add(draft)
    work.session.flush()
    return draft


def cancel(draft, work):
    """Stop filling in: the draft and its files are gone (X-32).

    :raises Conflict: 'wrong_state' when it has been ordered
    """
    check_open(draft)
    for one in attached(draft, work):
        work.session.delete(one)
    work.session.flush()
    work.session.delete(draft)
    work.session.flush()


def check_open(draft):
    """Refuse to change what has been ordered."""
    if draft.state != "open":
        raise Conflict("wrong_state", _l("This has been ordered already."), state=draft.state)


def abandoned(work):
    """Drafts nobody has touched for longer than the setting says, ordered ones included: ids, the oldest first."""
    days = settings.get("WIZARD_DRAFT_DAYS", work)
    if days <= 0:
        return []
    old = work.now - timedelta(days=days)
    wanted = select(WizardDraft.id).where(WizardDraft.updated_at < old).order_by(WizardDraft.updated_at).limit(500)
    return list(work.session.scalars(wanted))


def clean_up(work):
    """Remove abandoned drafts with their files; what was ordered has its files at the order by now.

    :returns: how many; there may be more
    """
    old = FLOW.lock(abandoned(work), work).values()
    for draft in old:
        for one in files.attachments(NOUN, draft.id, work):
            work.session.delete(one)
        work.session.flush()
        work.session.delete(draft)
    work.session.flush()
    return len(old)


# --- filling in --------------------------------------------------------------------------------


def keep(draft, given, work, step=None):
    """Keep answers; what is refused is told and the rest is kept.

    :param given: {key of the field: answer}; None takes an answer away
    :param step: number of the step to go on with
    :returns: {key: refusal} of the answers that are not possible
    """
    check_open(draft)
    answers, refused = dict(draft.answers), {}
    for key, value in given.items():
        field = design.field(draft.edition.definition, key)
        try:
            if field is None:
                raise BusinessError("unknown_field", _l("The service has no such field."), field=str(key)[:40])
            kept = service_answers.judge(field, value, work)
        except BusinessError as error:
            refused[key] = error
            continue
        answers.pop(key, None)
        if kept is not None:
            answers[key] = kept
    if answers != draft.answers:
        draft.answers = answers
    if step is not None:
        draft.step = max(1, min(step, len(draft.edition.definition["steps"]) + 1))
    work.session.flush()
    return refused


def attach(draft, key, upload, work):
    """Keep a file for a field of the draft.

    :param upload: what `files.store` gave
    :raises BusinessError: 'unknown_field', 'too_many_files'
    """
    check_open(draft)
    field = design.field(draft.edition.definition, key)
    if field is None or field["kind"] != "file":
        raise BusinessError("unknown_field", _l("The service has no such field."), field="field")
    if len(files.attachments(NOUN, draft.id, work, key)) >= FILES_AT_MOST:
        text = _l("A field takes at most %(most)s files.", most=FILES_AT_MOST)
        raise BusinessError("too_many_files", text, field=key)
    draft.updated_at = work.now
    return files.attach(draft, NOUN, upload, work, part=key)


def attached(draft, work):
    """The files of a draft, those of the order once it is ordered."""
    if draft.order_id is not None:
        return files.attachments("order", draft.order_id, work)
    return files.attachments(NOUN, draft.id, work)


def missing(draft, work):
    """What is still to be answered: [(number of the step, field)]."""
    parts = {one.part for one in attached(draft, work)}
    return service_answers.missing(draft.edition.definition, draft.answers, parts)


# --- what it costs -----------------------------------------------------------------------------


def sketch(edition, answers, customer, currency, work):
    """An order as it would be, kept nowhere: lines and totals; None while the price is not known yet.

    :raises BusinessError: 'lines_refused', 'no_exchange_rate': it cannot be ordered like this
    """
    rows, complete = service_price.rows(edition, answers, customer, currency, work)
    if not complete:
        return None
    order = Order(order_type_id=edition.order_type_id or 1, customer_id=customer.id, currency_code=currency)
    with work.session.no_autoflush:
        entry.begin(order, customer, work)
        entry.set_lines(order, rows, work)
    return order


# --- ordering ----------------------------------------------------------------------------------


def complete(draft, work):
    """Everything that is required has been answered."""
    found = missing(draft, work)
    if found:
        number, field = found[0]
        text = _l("Step %(number)s is not complete: %(field)s.", number=number, field=design.title(field, locale()))
        raise BusinessError("incomplete", text, step=number, fields=[one["key"] for _number, one in found])


def locale():
    """The language of whoever is being answered."""
    return str(get_locale() or DEFAULT)


@FLOW.transition(
    "confirm", source={"open"}, target="ordered", icon="fa-paper-plane", style="primary", form=ConfirmForm,
    label=_lp("wizard", "Confirm order"), guards=(complete,),
)  # fmt: skip
def confirm(draft, work, reference=None, remark=None, number=None):
    """Make and submit the order with its lines, its answers and its files (CRT-08, CRT-09).

    :param number: of the order, where orders of its type are numbered by hand (X-16)
    :returns: the order
    """
    edition, customer = draft.edition, entry.customer_of(draft.customer_id, work)
    rows, known = service_price.rows(edition, draft.answers, customer, draft.currency_code, work)
    if not known:
        raise BusinessError("no_price", _l("The price cannot be worked out from these answers."))
    with work.doing("order.create"):
        order = orders.create(
            work, customer=customer.id, lines=rows, submit=True, currency_code=draft.currency_code,
            order_type_id=edition.order_type_id, reference=reference or "", remark=remark or "", data=_kept(draft),
            number=(number or "").strip() or None,
        )  # fmt: skip
    for one in files.attachments(NOUN, draft.id, work):
        one.noun, one.record_id = "order", order.id
    draft.order_id = order.id
    work.session.flush()
    return order


def _kept(draft):
    """What the order keeps of the wizard."""
    edition = draft.edition
    service = {"id": draft.service_id, "version": edition.number, "version_id": edition.id}
    return {"service": service, "answers": dict(draft.answers)}


# --- an order's answers ------------------------------------------------------------------------


def edition_of(order, work):
    """The version of the service an order was made with; None for any other order."""
    kept = (order.data or {}).get("service")
    return work.session.get(ServiceVersion, kept["version_id"]) if kept else None


def answers_of(order, language, work):
    """What was answered for an order, in the words of its version: as `service_answers.told`; empty for others."""
    edition = edition_of(order, work)
    if edition is None:
        return []
    kept = [one for one in files.attachments("order", order.id, work) if one.part]
    return service_answers.told(edition.definition, order.data.get("answers", {}), kept, language, work)


