"""Services as rules: what a definition may be, versions that never change, answers, prices, drafts become orders."""

import io
from datetime import date, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

import config
from app.core.errors import BusinessError, Conflict, NotFound
from app.core.work import Actor
from app.rules import files, service_answers, service_design, services, wizard_drafts
from models.files import Attachment
from models.orders import Order
from models.services import ServiceVersion
from models.wizard_drafts import WizardDraft
from tests import makers
from tests.conftest import NOW

PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
GOOD = {"title": "Poems", "pages": "100", "cover": "hard"}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "STORAGE_URL", (tmp_path / "files").as_uri())


@pytest.fixture
def customer(work):
    return makers.make_customer(work)


def upload(work, name="poems.pdf"):
    return files.store(io.BytesIO(PDF), name, "application/pdf", work)


def filled(work, customer, **answers):
    """A draft of a service with all that is required."""
    draft = wizard_drafts.begin(makers.make_service(work).id, work, customer=customer.id)
    assert wizard_drafts.keep(draft, {**GOOD, **answers}, work) == {}
    wizard_drafts.attach(draft, "manuscript", upload(work), work)
    return draft


# --- the definition ----------------------------------------------------------------------------


def test_a_number_that_is_priced_is_no_finer_than_the_unit_of_the_product(work):
    service = makers.make_service(work, published=False)
    by = service.draft["price"]["field"]
    field = next(one for one in service_design.fields_of(service.draft) if one["key"] == by)
    field["digits"] = service.product.unit.digits + 1
    assert [(place, str(text)) for place, text in services.problems(service)] == [
        (service_design.title(field), "This quantity does not come out even in the unit: pcs")]  # fmt: skip
    with pytest.raises(BusinessError) as refused:
        services.sound(service, work)
    assert refused.value.code == "bad_definition"
    field["digits"] = service.product.unit.digits
    assert services.problems(service) == []


@pytest.mark.parametrize("definition", [
    None, [], {"steps": {}}, {"steps": [1]}, {"steps": [{"key": "A b"}]}, {"unknown": 1},
    {"steps": [{"key": "a", "fields": [{"key": "b", "kind": "spell"}]}]},
    {"steps": [{"key": "a", "fields": [{"key": "b", "kind": ["text"]}]}]},
    {"steps": [{"key": "a", "fields": [{"key": "b", "kind": "text", "required": "yes"}]}]},
    {"steps": [{"key": "a", "fields": [{"key": "b", "kind": "text"}, {"key": "b", "kind": "text"}]}]},
    {"steps": [{"key": "a", "names": {"xx": "x"}}]}, {"steps": [{"key": "a", "names": {"en": 1}}]},
    {"steps": [], "price": {"kind": "free"}}, {"steps": [], "price": {"kind": "fixed", "amount": 1.5}},
    {"steps": [], "price": {"kind": "fixed", "amount": "-1"}}, {"stages": [{"key": "a", "days": -1}]},
    {"steps": [], "price": {"kind": "by_choice", "table": {"A": "1"}}}, {"steps": [], "price": 7},
    {"steps": [{"key": "a", "fields": [{"key": "b", "kind": "choice", "choices": ["x"]}]}]},
])  # fmt: skip
def test_a_definition_that_makes_no_sense_is_refused(definition):
    with pytest.raises(BusinessError) as refused:
        service_design.clean(definition)
    assert refused.value.code == "bad_definition"


def test_a_service_is_published_only_when_it_can_be_filled_in_and_priced(work):
    service = makers.make_service(work, published=False)
    good = service.draft
    for broken in (
        {**good, "steps": []},
        {**good, "price": {"kind": "per_unit", "amount": "2", "field": "title"}},
        {**good, "price": {"kind": "per_unit", "field": "pages"}},
        {**good, "price": {"kind": "by_choice", "choice": "cover", "table": {"soft": "1"}}},
        service_design.replaced(good, "steps.0.fields.1", {"required": False}),
        service_design.replaced(good, "steps.1.fields.0", {"choices": []}),
        service_design.replaced(good, "stages.0", {"names": {}}),
        service_design.added(good, "steps", {"names": {"en": "Empty"}})[0],
    ):
        services.redesign(service, broken, work)
        with pytest.raises(BusinessError) as refused:
            services.FLOW.run_one("publish", service)
        assert refused.value.code == "bad_definition" and refused.value.details["problems"]
    services.redesign(service, good, work)
    services.FLOW.run_one("publish", service)
    assert service.state == "published" and services.current_version(service, work).number == 1


def test_a_version_is_frozen_by_the_database_itself(work):
    service = makers.make_service(work)
    version = services.current_version(service, work)
    with pytest.raises(BusinessError, match="Nothing has changed"):
        services.FLOW.run_one("publish", service)
    services.redesign(service, service_design.dropped(service.draft, "stages.2"), work)
    assert len(version.definition["stages"]) == 3
    services.FLOW.run_one("publish", service)
    assert services.current_version(service, work).number == 2
    with pytest.raises(DBAPIError), work.session.begin_nested():
        version.number = 9
        work.session.flush()
    work.session.refresh(version)
    assert [one.number for one in service.versions] == [2, 1]


def test_the_designer_moves_nodes_and_keeps_their_keys():
    definition = service_design.empty()
    definition, step = service_design.added(definition, "steps", {"names": {"en": "The book"}})
    for name in ("Title", "Title", "کتاب"):
        definition, place = service_design.added(definition, f"{step}.fields", {"kind": "text", "names": {"en": name}})
    assert [one["key"] for one in service_design.fields_of(definition)] == ["title", "title_2", "field"]
    definition = service_design.moved(definition, place, -1)
    assert [one["key"] for one in service_design.fields_of(definition)] == ["title", "field", "title_2"]
    assert service_design.moved(definition, "steps.0", -1) == definition
    definition = service_design.replaced(definition, "steps.0.fields.0", {"names": {"en": "Name"}, "key": "other"})
    assert service_design.fields_of(definition)[0]["key"] == "title"
    definition = service_design.dropped(definition, "steps.0.fields.1")
    assert len(service_design.fields_of(service_design.clean(definition))) == 2
    for path in ("steps.7", "nowhere", "steps.x", "price.kind.0"):
        with pytest.raises(BusinessError):
            service_design.at(definition, path)


# --- answers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "value", "kept"), [
    ("text", "  a title ", "a title"), ("text", "", None), ("number", "012", "12"), ("number", Decimal("12.0"), "12"),
    ("number", 12, "12"), ("date", "2026-12-31", "2026-12-31"), ("date", date(2026, 12, 31), "2026-12-31"),
    ("choice", "hard", "hard"), ("product", None, None),
])  # fmt: skip
def test_an_answer_is_kept_in_one_shape_whatever_door_it_came_through(work, kind, value, kept):
    field = {"key": "f", "kind": kind, "digits": 0, "least": "1", "most": "50", "choices": [{"key": "hard"}]}
    assert service_answers.judge(field, value, work) == kept


@pytest.mark.parametrize(("kind", "value"), [
    ("text", "x" * 301), ("text", "a\0b"), ("text", 5), ("number", "1.5"), ("number", "0"), ("number", "51"),
    ("number", "many"), ("number", True), ("number", [1]), ("choice", "gold"), ("choice", ["hard"]), ("choice", {}),
    ("date", "31.12.2026"), ("date", 7), ("product", "NO-SUCH"), ("product", 7), ("file", "x"),
])  # fmt: skip
def test_an_answer_that_is_not_possible_is_refused_at_its_field(work, kind, value):
    field = {"key": "f", "kind": kind, "digits": 0, "least": "1", "most": "50", "choices": [{"key": "hard"}]}
    with pytest.raises(BusinessError) as refused:
        service_answers.judge(field, value, work)
    assert refused.value.details["field"] == "f"


def test_what_is_refused_does_not_lose_the_rest(work, customer):
    draft = wizard_drafts.begin(makers.make_service(work).id, work, customer=customer.id)
    refused = wizard_drafts.keep(draft, {"title": "Poems", "pages": "0", "none": "x", "cover": "hard"}, work, step=2)
    assert set(refused) == {"pages", "none"}
    assert draft.answers == {"title": "Poems", "cover": "hard"} and draft.step == 2
    wizard_drafts.keep(draft, {"title": ""}, work)
    assert draft.answers == {"cover": "hard"}
    assert [field["key"] for _step, field in wizard_drafts.missing(draft, work)] == ["title", "pages", "manuscript"]


# --- price -------------------------------------------------------------------------------------


def lines(order):
    return [(line.name, line.quantity_ordered, line.unit_price) for line in order.lines]


def test_price_per_unit_with_surcharge_and_product(work, customer):
    extra = makers.make_product(work, price="12")
    draft = filled(work, customer, extra=extra.sku)
    order = wizard_drafts.sketch(draft.edition, draft.answers, customer, "GBP", work)
    assert lines(order) == [
        ("Book layout", Decimal(100), Decimal("2.50")),
        ("Book layout: Cover – Hard cover", Decimal(1), Decimal(40)),
        (f"Product {extra.sku}", Decimal(1), Decimal(12)),
    ]
    assert order.total_net == Decimal("302.00")
    assert order not in work.session


def test_nought_is_an_answer_that_is_told():
    field = {"key": "floors", "names": {"en": "Floors"}, "kind": "number"}
    definition = {"steps": [{"key": "house", "names": {"en": "House"}, "fields": [field]}]}
    ((_step, (told,)),) = service_answers.told(definition, {"floors": "0"}, [], "en", None)
    assert (told.question, told.answer) == ("Floors", 0)
    assert service_answers.told(definition, {}, [], "en", None) == []


def test_there_is_no_price_before_the_number_it_depends_on(work, customer):
    draft = filled(work, customer, pages=None)
    assert wizard_drafts.sketch(draft.edition, draft.answers, customer, "GBP", work) is None


def test_fixed_price_and_table_by_choice(work, customer):
    fixed = makers.make_service(work, "fixed", price={"kind": "fixed", "amount": "99"})
    table = {"kind": "by_choice", "choice": "cover", "table": {"soft": "70", "hard": "90"}}
    by_choice = makers.make_service(work, "table", price=table)
    for service, cover, total in ((fixed, "soft", 99), (by_choice, "soft", 70), (by_choice, "hard", 130)):
        edition = services.current_version(service, work)
        answers = {**GOOD, "cover": cover}
        assert wizard_drafts.sketch(edition, answers, customer, "GBP", work).total_net == total


def test_another_currency_is_converted_or_refused(work, customer):
    service = makers.make_service(work)
    with pytest.raises(BusinessError) as refused:
        wizard_drafts.begin(service.id, work, customer=makers.make_customer(work, currency_code="TRY").id,
                            currency="TRY")  # fmt: skip
        draft = wizard_drafts.begin(service.id, work, customer=customer.id, currency="TRY")
        wizard_drafts.sketch(draft.edition, GOOD, customer, "TRY", work)
    assert refused.value.code == "no_exchange_rate"


# --- drafts and orders -------------------------------------------------------------------------


def test_a_filled_draft_becomes_a_submitted_order_with_answers_and_files(work, customer):
    draft = filled(work, customer)
    order = wizard_drafts.FLOW.run_one("confirm", draft, reference="PO-9", remark="Thanks")
    assert (order.state, order.reference, order.remark, order.total_net) == ("submitted", "PO-9", "Thanks", 290)
    assert order.number and draft.order_id == order.id and draft.state == "ordered"
    assert [(one.name, one.part) for one in files.attachments("order", order.id, work)] == [("poems.pdf", "manuscript")]
    told = wizard_drafts.answers_of(order, "en", work)
    assert [title for title, _rows in told] == ["Manuscript", "Format"]
    answers = {one.key: one.answer for _title, rows in told for one in rows}
    assert answers["pages"] == Decimal(100) and answers["cover"] == "Hard cover" and len(answers["manuscript"]) == 1


def test_an_incomplete_draft_is_not_ordered(work, customer):
    draft = wizard_drafts.begin(makers.make_service(work).id, work, customer=customer.id)
    with pytest.raises(BusinessError) as refused:
        wizard_drafts.FLOW.run_one("confirm", draft)
    assert refused.value.code == "incomplete" and refused.value.details["fields"][0] == "title"
    assert work.session.scalars(select(Order)).all() == []


def test_an_order_keeps_the_version_it_was_made_with(work, customer):
    draft = filled(work, customer)
    order = wizard_drafts.FLOW.run_one("confirm", draft)
    service = draft.service
    other = service_design.replaced(service.draft, "steps.1.fields.0", {"names": {"en": "Binding"}})
    services.redesign(service, other, work)
    services.FLOW.run_one("publish", service)
    assert wizard_drafts.edition_of(order, work).number == 1
    assert "Cover" in [one.question for _title, rows in wizard_drafts.answers_of(order, "en", work) for one in rows]
    with pytest.raises(BusinessError, match="published"):
        services.remove(service, work)


def test_a_line_priced_by_a_service_keeps_its_price_when_the_order_is_changed(work, customer):
    draft = filled(work, customer)
    order = wizard_drafts.FLOW.run_one("confirm", draft)
    rows = [{"id": line.id, "sku": line.sku, "quantity": line.quantity_ordered + (line.position == 1)}
            for line in order.lines]  # fmt: skip
    wizard_drafts.entry.set_lines(order, rows, work)
    assert lines(order)[:2] == [("Book layout", Decimal(101), Decimal("2.50")),
                                ("Book layout: Cover – Hard cover", Decimal(1), Decimal(40))]  # fmt: skip


def test_cancelling_takes_the_draft_and_its_files_away(work, customer):
    draft = filled(work, customer)
    identity = draft.id
    wizard_drafts.cancel(draft, work)
    assert work.session.get(WizardDraft, identity) is None
    assert work.session.scalars(select(Attachment)).all() == []


def test_what_was_ordered_cannot_be_cancelled_or_changed_in_the_wizard(work, customer):
    draft = filled(work, customer)
    wizard_drafts.FLOW.run_one("confirm", draft)
    for take in (lambda: wizard_drafts.cancel(draft, work), lambda: wizard_drafts.keep(draft, {}, work)):
        with pytest.raises(Conflict):
            take()


def test_abandoned_drafts_are_removed_after_the_settings_days(open_work):
    with open_work() as work:
        customer = makers.make_customer(work)
        buyer, old, ordered = customer.id, filled(work, customer).id, filled_again(work, customer)
    with open_work(now=NOW + timedelta(days=20)) as work:
        fresh = wizard_drafts.begin(makers.make_service(work, "other").id, work, customer=buyer).id
        wizard_drafts.clean_up(work)
        assert work.session.get(WizardDraft, old) is not None
    with open_work(now=NOW + timedelta(days=31)) as work:
        wizard_drafts.clean_up(work)
        left = set(work.session.scalars(select(WizardDraft.id)))
        assert left == {fresh}
        assert [one.noun for one in work.session.scalars(select(Attachment))] == ["order"]
        assert work.session.get(Order, ordered) is not None


def filled_again(work, customer):
    draft = wizard_drafts.begin(makers.make_service(work, "second").id, work, customer=customer.id)
    wizard_drafts.keep(draft, GOOD, work)
    wizard_drafts.attach(draft, "manuscript", upload(work), work)
    return wizard_drafts.FLOW.run_one("confirm", draft).id


def test_customers_begin_only_what_is_published_and_only_for_themselves(open_work):
    with open_work() as work:
        mine, other = makers.make_customer(work).id, makers.make_customer(work, "Other").id
        hidden, shown = makers.make_service(work, "hidden", published=False).id, makers.make_service(work, "shown").id
        pictures = makers.make_product(work, sku="PICTURES", service=True, everyone=False)
        secret = makers.make_service(work, "secret")
        secret.product_id = pictures.id
        services.FLOW.run_one("publish", secret)
        secret = secret.id
    buyer = Actor("buyer", kind="external", customers=frozenset({mine}), may=lambda permission: True)
    with open_work(buyer) as work:
        assert wizard_drafts.begin(shown, work).customer_id == mine
        for service, customer in ((hidden, None), (shown, other), (secret, None), (2**70, None)):
            with pytest.raises((NotFound, BusinessError)):
                wizard_drafts.begin(service, work, customer=customer)
        assert work.session.scalars(select(ServiceVersion.number)).all()
