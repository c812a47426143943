"""The wizard and the work list through their doors: the designer, a customer's pages, REST."""

import io
import re
from datetime import date
from decimal import Decimal

import pytest

import config
from app.rules import service_design
from models.orders import OrderType
from models.organisation import ExchangeRate
from models.services import Service
from tests import makers
from tests.services.test_wizard_rules import PDF


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "STORAGE_URL", (tmp_path / "files").as_uri())


@pytest.fixture
def service(people, open_work):
    with open_work() as work:
        return makers.make_service(work).id


def begun(client, service):
    """A draft of the service through its page; gives its id."""
    place = client.post("/wizard_drafts/add", {"service": service}).location
    return int(re.search(r"/fill/(\d+)/1", place)[1])


def answers(**values):
    return {f"a-{key}": value for key, value in values.items()}


# --- the designer ------------------------------------------------------------------------------


def test_a_service_is_designed_and_published_on_screens(people, sign_in, open_work):
    with open_work() as work:
        product = makers.make_product(work, sku="SET-1", service=True, price="3").id
    editor = sign_in("editor")
    given = {"code": "binding", "names.en": "Binding", "product": product, "currency": "GBP"}
    pk = int(editor.post("/services/add", given).location.rsplit("/", 1)[1])
    design = f"/services/design/{pk}"
    assert "The service needs at least one step." in editor.page(design)

    def add(path, **values):
        answer = editor.post(f"/services/node/{pk}?at={path}", values)
        assert answer.status_code == 302, answer.get_data(as_text=True)

    add("steps", **{"names.en": "Book", "names.fa": "کتاب", "help.en": "Tell us about the book."})
    add("steps.0.fields", **{"names.en": "Copies", "kind": "number", "required": "y", "least": "1", "most": "500"})
    add("steps.0.fields", **{"names.en": "Thread", "kind": "choice"})
    add("steps.0.fields.1.choices", **{"names.en": "Cotton"})
    add("steps.0.fields.1.choices", **{"names.en": "Silk", "price": "12.50"})
    add("stages", **{"names.en": "Sample", "approval": "y", "days": "4"})
    price = {"kind": "per_unit", "amount": "7", "field": "copies"}
    assert editor.post(f"/services/price/{pk}", price).status_code == 302
    page = editor.page(design)
    for text in ("Copies", "1 to 500", "Silk", "£12.50", "Sample", "£7.00"):
        assert text in page
    editor.post(f"/services/move/{pk}?at=steps.0.fields.1.choices.1&by=up")
    editor.post(f"/services/node/{pk}?at=steps.0.fields.0", {"names.en": "Number of copies", "kind": "number",
                                                            "required": "y"})  # fmt: skip
    preview = editor.page(f"/services/preview/{pk}/1")
    assert "Number of copies" in preview and "Tell us about the book." in preview
    sketch = editor.post(f"/services/sketch/{pk}/1", answers(copies="3", thread="silk")).json
    assert sketch["totals"][-1][1] == "£33.50"
    editor.post(f"/services/step/publish/{pk}")
    assert "Version 1 is published." in editor.page(design)
    with open_work() as work:
        draft = work.session.get(Service, pk).draft
        assert [one["key"] for one in service_design.field(draft, "thread")["choices"]] == ["silk", "cotton"]
    editor.post(f"/services/drop/{pk}?at=stages.0")
    assert "What you change here is offered once you publish it." in editor.page(design)
    assert "Binding" in sign_in("buyer1").page("/wizard_drafts/add")


@pytest.mark.parametrize("path", ["", "steps.9", "price", "steps.0.fields.7", "nowhere", "steps.0.names"])
def test_a_path_that_leads_nowhere_is_refused(sign_in, service, path):
    editor = sign_in("editor")
    for url in (f"/services/move/{service}?at={path}", f"/services/drop/{service}?at={path}",
                f"/services/node/{service}?at={path}"):  # fmt: skip
        assert editor.post(url, {"names.en": "x"}).status_code in (302, 422), url
    assert editor.get(f"/services/node/{service}?at={path}").status_code in (200, 302)


def test_customers_neither_design_nor_see_what_is_not_published(sign_in, rest, service, open_work):
    with open_work() as work:
        hidden = makers.make_service(work, "secret", published=False).id
        narrow = makers.make_service(work, "narrow")
        narrow.product.everyone, narrow = False, narrow.id
    buyer, program = sign_in("buyer1"), rest("buyer1")
    for url in (f"/services/design/{service}", f"/services/preview/{service}/1", "/services/add"):
        assert buyer.get(url).status_code in (302, 403)
    for one in (hidden, narrow):
        assert buyer.get(f"/services/show/{one}").status_code == 404
        assert buyer.post("/wizard_drafts/add", {"service": one}).status_code == 422
    assert "narrow" in sign_in("editor").page("/services/list/")
    assert [row["code"] for row in program.get("/services/").json["result"]] == ["layout"]
    shown = program.get(f"/services/{service}").json["result"]
    assert "draft" not in shown and shown["definition"]["steps"] and shown["number"] == 1
    assert program.get(f"/services/{hidden}").status_code == 404
    assert program.post(f"/services/{service}/withdraw").status_code == 403


# --- a customer fills it in --------------------------------------------------------------------


def test_the_catalogue_leads_to_the_form_of_a_service_instead_of_the_cart(people, sign_in, service, open_work):
    buyer = sign_in("buyer1")
    with open_work() as work:
        product = work.session.query(Service).one().product
        sku, pk = product.sku, product.id
    for page in (buyer.page("/products/list/"), buyer.page("/products/list/?layout=list"),
                 buyer.page(f"/products/show/{pk}"), buyer.page(f"/products/compare?id={pk}")):  # fmt: skip
        main = page.partition("<main")[2]
        assert 'href="/wizard_drafts/add"' in main and f'name="sku" value="{sku}"' not in main


def test_an_order_is_made_step_by_step_and_can_be_left_and_resumed(people, sign_in, service):
    buyer, colleague = sign_in("buyer1"), sign_in("buyer2")
    assert "Book layout" in buyer.page("/wizard_drafts/add")
    pk = begun(buyer, service)
    first, second = f"/wizard_drafts/fill/{pk}/1", f"/wizard_drafts/fill/{pk}/2"
    page = buyer.page(first)
    assert "What we shall set." in page and "Step 1 of 2" in page
    version = re.search(r'name="version" value="(\d+)"', page)[1]
    refused = buyer.post(first, {**answers(title="Poems", pages="0"), "go": "next", "version": version})
    text = refused.get_data(as_text=True)
    assert refused.status_code == 422 and "At least 1." in text and 'value="Poems"' in text
    assert "All others are kept." in text

    later = colleague.post(first, {**answers(title="Poems", pages="80"), "go": "later"})
    assert later.location.endswith("/wizard_drafts/list/")
    assert "Unfinished" in colleague.page("/wizard_drafts/list/")
    assert f"/wizard_drafts/show/{pk}" in buyer.page("/portal/")
    file = {"a-manuscript": (io.BytesIO(PDF), "poems.pdf")}
    sent = {**answers(title="Poems", pages="80"), "go": "next", **file}
    assert buyer.post(first, sent, content_type="multipart/form-data").location.endswith(second)
    assert "poems.pdf" in buyer.page(first)
    assert buyer.get(f"/wizard_drafts/show/{pk}").location.endswith(second)

    assert "Still to be answered" in buyer.page(f"/wizard_drafts/review/{pk}")
    assert buyer.post(second, {**answers(cover="hard"), "go": "next"}).location.endswith(f"/review/{pk}")
    review = buyer.page(f"/wizard_drafts/review/{pk}")
    for text in ("Poems", "poems.pdf", "Hard cover", "£240.00"):
        assert text in review, text
    assert "Still to be answered" not in review
    done = buyer.post(f"/wizard_drafts/step/confirm/{pk}", {"reference": "PO-77"})
    order = buyer.get(done.location).location
    page = buyer.page(order)
    assert re.search(r"Thank you\. Your order is SO-[\d-]+\.", page)
    assert "Ordered: #" not in page and "Made: " not in page
    for text in ("PO-77", "Your answers", "Hard cover", "poems.pdf", "Submitted"):
        assert text in page, text
    assert "Answers" in sign_in("reviewer").page(order)
    assert buyer.post(f"/wizard_drafts/step/confirm/{pk}").status_code == 302
    assert buyer.get(f"/wizard_drafts/show/{pk}").location == order


@pytest.mark.parametrize(("typed", "lang", "said"), [
    ("5", "fa", "۸"), ("9999", "fa", "۱٬۲۰۰"), ("5", "en", "At least 8."), ("9999", "en", "At most 1,200."),
])  # fmt: skip
def test_the_limits_of_a_figure_are_said_in_the_figures_of_the_reader(people, sign_in, open_work, typed, lang, said):
    pages = {"key": "pages", "kind": "number", "names": {"en": "Pages"}, "required": True, "least": "8",
             "most": "1200"}  # fmt: skip
    with open_work() as work:
        steps = [{"key": "text", "names": {"en": "Manuscript"}, "fields": [pages]}]
        service = makers.make_service(work, steps=steps).id
    buyer = sign_in("buyer1")
    page = buyer.post(f"/wizard_drafts/fill/{begun(buyer, service)}/1?lang={lang}", answers(pages=typed))
    error = page.get_data(as_text=True).split('id="errors-a-pages"')[1].partition("</ul>")[0]
    assert page.status_code == 422 and said in error


def test_surcharges_are_shown_in_the_currency_of_the_order(people, sign_in, rest, open_work, service):
    with open_work() as work:
        branch = makers.customer_of(work, people.one).branch
        work.session.add_all(
            ExchangeRate(base_code=branch.currency_code, currency_code=code, valid_on=date(2026, 1, 1), rate=rate)
            for code, rate in (("GBP", Decimal("1.17")), ("IRR", Decimal("0.0000013")))
        )
    buyer = sign_in("buyer1")

    def choices(currency):
        pk = rest("buyer1").post("/wizard_drafts/", {"service": service, "currency": currency}).json["id"]
        return pk, buyer.page(f"/wizard_drafts/fill/{pk}/2")

    pk, page = choices("IRR")
    shown = re.search(r"Hard cover \(\+([^)]+)\)", page)[1]
    assert "£" not in page and "36,000,000" in shown
    buyer.post(f"/wizard_drafts/keep/{pk}/1", answers(title="Poems", pages="10"))
    kept = buyer.post(f"/wizard_drafts/keep/{pk}/2", answers(cover="hard")).json
    assert [row[2] for row in kept["rows"]][1] == shown, "the price box says the same"
    assert "Hard cover (+£40.00)" in choices("GBP")[1]


def test_a_surcharge_that_cannot_be_converted_is_not_shown(people, sign_in, rest, service):
    made = rest("buyer1").post("/wizard_drafts/", {"service": service, "currency": "TRY"})
    page = sign_in("buyer1").page(f"/wizard_drafts/fill/{made.json['id']}/2")
    assert "Hard cover" in page and "(+" not in page


def test_what_is_typed_is_kept_while_it_is_typed(people, sign_in, service):
    buyer = sign_in("buyer1")
    pk = begun(buyer, service)
    kept = buyer.post(f"/wizard_drafts/keep/{pk}/1", answers(title="Poems", pages="many")).json
    assert kept["rows"] == [] and kept["said"] and kept["version"]
    kept = buyer.post(f"/wizard_drafts/keep/{pk}/1", {**answers(title="Poems", pages="80"), "version": kept["version"]})
    assert kept.json["totals"][-1][1] == "£200.00"
    old = buyer.post(f"/wizard_drafts/keep/{pk}/1", {**answers(title="Other"), "version": "1"},
                     headers={"Accept": "application/json"})  # fmt: skip
    assert (old.status_code, old.json["error"]) == (409, "stale")
    page = buyer.post(f"/wizard_drafts/fill/{pk}/1", {**answers(title="Other"), "go": "next", "version": "1"})
    text = page.get_data(as_text=True)
    assert page.status_code == 422 and "Somebody else changed this record" in text and 'value="Other"' in text


def test_cancel_deletes_and_files_can_be_taken_away(people, sign_in, service):
    buyer = sign_in("buyer1")
    pk = begun(buyer, service)
    first = f"/wizard_drafts/fill/{pk}/1"
    sent = {**answers(title="x"), "go": "back", "a-manuscript": (io.BytesIO(PDF), "poems.pdf")}
    buyer.post(first, sent, content_type="multipart/form-data")
    page = buyer.page(first)
    file = re.search(r"/attachments/(\d+)", page)
    assert buyer.get(file[0]).data == PDF
    assert sign_in("buyer3").get(file[0]).status_code == 404
    buyer.post(first, {**answers(title="x"), "go": "back", "remove": file[1]})
    assert "poems.pdf" not in buyer.page(first) and buyer.get(file[0]).status_code == 404
    wrong = {**answers(title="x", pages="1"), "a-manuscript": (io.BytesIO(b"<html>"), "evil.html")}
    refused = buyer.post(first, wrong, content_type="multipart/form-data")
    assert refused.status_code == 422 and "evil.html" not in buyer.page(first)
    assert buyer.post(f"/wizard_drafts/delete/{pk}").status_code == 302
    assert buyer.get(first).status_code == 404


def test_staff_fill_in_a_service_for_a_customer(people, sign_in, service):
    support = sign_in("support")
    refused = support.post("/wizard_drafts/add", {"service": service})
    assert refused.status_code == 422
    place = support.post("/wizard_drafts/add", {"service": service, "customer": people.one}).location
    assert "Acme Ltd" in support.page(place)
    assert place.rsplit("/", 2)[0] and sign_in("buyer1").get(place).status_code == 200
    assert sign_in("buyer3").get(place).status_code == 404


# --- REST --------------------------------------------------------------------------------------


def send_file(client, pk, name="poems.pdf", field="manuscript"):
    form = {"field": field, "file": (io.BytesIO(PDF), name)}
    return client.http.post(f"/api/v1/wizard_drafts/{pk}/files", data=form, headers=client.headers,
                            content_type="multipart/form-data")  # fmt: skip


def test_a_service_is_ordered_over_rest(people, rest, service):
    buyer = rest("buyer1")
    made = buyer.post("/wizard_drafts/", {"service": service, "answers": {"title": "Poems"}})
    assert made.status_code == 201
    pk, shown = made.json["id"], made.json["result"]
    assert shown["missing"] == ["pages", "manuscript", "cover"] and shown["price"] is None
    refused = buyer.put(f"/wizard_drafts/{pk}", {"answers": {"pages": 0, "cover": "gold", "none": 1}})
    assert (refused.status_code, refused.json["error"]) == (422, "bad_answers")
    assert set(refused.json["details"]["fields"]) == {"pages", "cover", "none"}
    incomplete = buyer.post(f"/wizard_drafts/{pk}/confirm")
    assert (incomplete.status_code, incomplete.json["error"]) == (422, "incomplete")
    shown = buyer.put(f"/wizard_drafts/{pk}", {"answers": {"pages": "100", "cover": "hard"}}).json["result"]
    assert shown["price"]["total_gross"] == "290.00"
    assert send_file(buyer, pk).status_code == 201
    extra = send_file(buyer, pk, "second.pdf").json["id"]
    assert buyer.delete(f"/wizard_drafts/{pk}/files/{extra}").status_code == 200
    assert send_file(buyer, pk, field="title").status_code == 422
    done = buyer.post(f"/wizard_drafts/{pk}/confirm", {"reference": "PO-1"})
    assert done.status_code == 200 and done.json["state"] == "ordered"
    order = buyer.get(f"/orders/{done.json['made']['id']}").json["result"]
    assert (order["state"], order["total_gross"], order["reference"]) == ("submitted", "290.00", "PO-1")
    assert order["service"]["answers"] == {"title": "Poems", "pages": "100", "cover": "hard"}
    assert order["service"]["told"][0]["answers"][-1]["answer"] == ["poems.pdf"]
    assert buyer.post(f"/wizard_drafts/{pk}/confirm").status_code == 409
    assert buyer.delete(f"/wizard_drafts/{pk}").status_code == 409
    stranger = rest("buyer3")
    for call in (stranger.get, stranger.delete):
        assert call(f"/wizard_drafts/{pk}").status_code == 404
    assert stranger.get("/wizard_drafts/").json["count"] == 0


@pytest.mark.parametrize("content", [
    {}, {"service": "x"}, {"service": 2**70}, {"service": 1, "answers": []}, {"service": 1, "unknown": 1},
    {"service": 1, "currency": "QQQ"}, {"service": 1, "customer": 999999}, {"service": 1, "answers": {"title": [1]}},
    {"service": 1, "answers": {"title": None, "pages": {"a": 1}}}, {"service": 1, "answers": {"": "x"}},
])  # fmt: skip
def test_nonsense_is_refused_over_rest(people, rest, service, content):
    given = {**content, "service": service} if content.get("service") == 1 else content
    answer = rest("buyer1").post("/wizard_drafts/", given)
    assert answer.status_code in (400, 404, 422), answer.json


def test_a_definition_is_written_over_rest(people, rest, open_work):
    with open_work() as work:
        product = makers.make_product(work, service=True).id
    admin = rest("admin")
    given = {"code": "rest", "names": {"en": "From a program"}, "product": product, "currency": "GBP"}
    pk = admin.post("/services/", given).json["id"]
    refused = admin.post(f"/services/{pk}/publish")
    assert (refused.status_code, refused.json["error"]) == (422, "bad_definition")
    for draft in ({"steps": 5}, [], "x", {"steps": [{"key": "!"}]}):
        assert admin.put(f"/services/{pk}", {"draft": draft}).status_code in (400, 422)
    definition = {"steps": makers.STEPS, "stages": makers.STAGES, "price": {"kind": "fixed", "amount": "10"}}
    assert admin.put(f"/services/{pk}", {"draft": definition}).status_code == 200
    assert admin.post(f"/services/{pk}/publish").json["state"] == "published"
    assert admin.get(f"/services/{pk}/versions/1").json["result"]["definition"]["price"]["amount"] == "10"
    assert admin.get(f"/services/{pk}/versions/2").status_code == 404
    assert admin.delete(f"/services/{pk}").status_code == 422
    admin.post(f"/services/{pk}/withdraw")
    assert rest("buyer1").get("/services/").json["count"] == 0


def test_a_service_order_is_not_copied_as_if_it_were_goods(people, rest, service):
    program = rest("buyer1")
    pk = program.post("/wizard_drafts/", {"service": service}).json["id"]
    program.put(f"/wizard_drafts/{pk}", {"answers": {"title": "Poems", "pages": "100", "cover": "hard"}})
    send_file(program, pk)
    order = program.post(f"/wizard_drafts/{pk}/confirm").json["made"]["id"]
    refused = program.post(f"/orders/{order}/copy")
    assert (refused.status_code, refused.json["error"]) == (422, "service_order")


def test_the_release_of_a_service_order_is_called_the_start_of_its_work(people, sign_in, rest, service):
    buyer, reviewer, program = sign_in("buyer1"), sign_in("reviewer"), rest("buyer1")
    pk = program.post("/wizard_drafts/", {"service": service}).json["id"]
    program.put(f"/wizard_drafts/{pk}", {"answers": {"title": "Poems", "pages": "100", "cover": "hard"}})
    send_file(program, pk)
    order = program.post(f"/wizard_drafts/{pk}/confirm").json["made"]["id"]
    show = f"/orders/show/{order}"

    def speaks_of_goods(page):
        main = page.partition("<main")[2].partition("</main>")[0]
        return [one for one in ("Release", "hipment", "may be shipped", "the goods") if one in main]

    for client in (buyer, reviewer):
        page = client.page(show)
        assert "Start the work" in page and speaks_of_goods(page) == []
    reviewer.post(f"/orders/step/approve/{order}")
    assert "Start the work when everything for it is there." in reviewer.page(show)
    assert "Waiting for you: start the work." in buyer.page(show)
    for client in (buyer, reviewer):
        page = client.page(show)
        assert "Start the work? From then on the order can no longer be changed." in page
        assert speaks_of_goods(page) == []
    labels = {one["name"]: one["label"] for one in program.get(f"/orders/{order}/transitions").json}
    assert labels["release"] == "Start the work"
    flashed = reviewer.post(f"/orders/step/release/{order}", follow_redirects=True).get_data(as_text=True)
    assert flashed.count("Work started") >= 2, "said at the top and in the timeline"
    assert "Work started" in buyer.page(show)


def by_hand(open_work):
    with open_work() as work:
        work.session.get(OrderType, 1).number_mode = "manual"


def test_where_orders_are_numbered_by_hand_the_wizard_asks_for_the_number(people, sign_in, rest, service, open_work):
    buyer, program = sign_in("buyer1"), rest("buyer1")
    pk = program.post("/wizard_drafts/", {"service": service}).json["id"]
    program.put(f"/wizard_drafts/{pk}", {"answers": {"title": "Poems", "pages": "100", "cover": "hard"}})
    send_file(program, pk)
    assert 'name="number"' not in buyer.page(f"/wizard_drafts/review/{pk}")
    by_hand(open_work)
    assert 'name="number"' in buyer.page(f"/wizard_drafts/review/{pk}")
    refused = program.post(f"/wizard_drafts/{pk}/confirm")
    assert (refused.status_code, refused.json["error"]) == (422, "number_missing")
    done = program.post(f"/wizard_drafts/{pk}/confirm", {"number": "BOOK-1"})
    assert done.status_code == 200 and done.json["made"]["number"] == "BOOK-1"


def test_where_orders_are_numbered_by_hand_an_order_form_asks_for_the_number(people, sign_in, rest, open_work):
    with open_work() as work:
        makers.make_product(work, sku="AB-1", price="10", stock_of=50)
    buyer, program = sign_in("buyer1"), rest("buyer1")
    pk = program.post("/order_forms/", {"rows": [{"sku": "AB-1", "quantity": "3"}]}).json["id"]
    assert 'name="number"' not in buyer.page(f"/order_forms/show/{pk}")
    by_hand(open_work)
    assert 'name="number"' in buyer.page(f"/order_forms/show/{pk}")
    refused = program.post(f"/order_forms/{pk}/order", {"submit": True})
    assert (refused.status_code, refused.json["error"]) == (422, "number_missing")
    done = program.post(f"/order_forms/{pk}/order", {"submit": True, "number": "FORM-1"})
    assert done.status_code == 200 and done.json["made"]["number"] == "FORM-1"
