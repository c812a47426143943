"""The Persian publisher: a book is ordered step by step, its work shown, changed, approved, checked, then invoiced."""

import io
import re

import pytest
from flask_appbuilder.security.sqla.models import User

from app.rules import people as accounts
from app.rules import services
from demo import wizard
from models.people import AccessGroup
from models.services import Service
from tests import makers
from tests import people as usual

PDF = wizard.PDF
WISH = "لطفاً حروف عنوان‌ها بزرگ‌تر باشد."


@pytest.fixture
def publisher(people, open_work):
    """A Persian customer with a user, and the service as the demo company designs it."""
    with open_work() as work:
        customer = makers.make_customer(work, "نشر پارس", language="fa", country_code="IR", currency_code="IRR",
                                        credit_limit=10**12)  # fmt: skip
        makers.make_address(work, customer, country_code="IR", city="تهران")
        group = work.session.get(AccessGroup, people.group)
        user = accounts.create_user(work, "publisher", kind="external", roles=("Customer",), customers=(customer,),
                                    access_group=group, locale="fa", email="sara@nashr.example")  # fmt: skip
        user.password = usual.HASHED
        work.session.get(User, people.ids["finance"]).email = "billing@ours.example"
        accounts.FLOW.move(user.person, "active")
        product = makers.make_product(work, sku="LAYOUT", service=True)
        service = Service(code=wizard.CODE, names={"en": "Book layout", "fa": "صفحه‌آرایی کتاب"}, product=product,
                          currency_code="IRR")  # fmt: skip
        services.check(service, work)
        work.session.add(service)
        work.session.flush()
        services.redesign(service, wizard.definition(), work)
        services.FLOW.run_one("publish", service)
        people.service = service.id
    return people


def texts(page):
    """A page without its marks."""
    return re.sub(r"<[^>]+>", " ", page)


def fill(client, pk, number, go="next", file=None, **answers):
    """One step of the wizard, as it is sent by its button."""
    given = {**{f"a-{key}": value for key, value in answers.items()}, "go": go}
    if file:
        given[f"a-{file}"] = (io.BytesIO(PDF), f"{file}.pdf")
    return client.post(f"/wizard_drafts/fill/{pk}/{number}", given, content_type="multipart/form-data").location


def stage_of(client, order, place):
    """The address of a stage, from the order's page."""
    return re.findall(r'href="(/work_stages/show/\d+)"', client.page(order).split('class="work-stages"')[1])[place]


def test_the_publishers_book_on_screens(publisher, sign_in, jobs, mails, words):
    buyer, expert, finance = sign_in("publisher"), sign_in("reviewer"), sign_in("finance")

    # he fills it in, leaves, comes back from another device, in his language, digits and calendar
    page = buyer.page("/wizard_drafts/add")
    assert 'dir="rtl"' in page and "صفحه‌آرایی کتاب" in page
    begun = buyer.post("/wizard_drafts/add", {"service": publisher.service}).location
    pk = re.search(r"/fill/(\d+)/", begun)[1]
    assert "کتاب را معرفی کنید" in buyer.page(begun)
    fill(buyer, pk, 1, go="later", title="سفرنامه", pages="۱۲۰")
    elsewhere = sign_in("publisher")
    assert f"/wizard_drafts/show/{pk}" in elsewhere.page("/portal/")
    assert 'value="سفرنامه"' in elsewhere.page(f"/wizard_drafts/fill/{pk}/1")
    assert fill(elsewhere, pk, 1, title="سفرنامه", pages="۱۲۰", file="text").endswith("/2")
    assert fill(elsewhere, pk, 2, size="b5", ready_on="1405/10/11").endswith("/3")
    assert fill(elsewhere, pk, 3, cover_kind="designed").endswith("/4")
    assert fill(elsewhere, pk, 4, index="yes", wishes="").endswith(f"/review/{pk}")
    review = texts(elsewhere.page(f"/wizard_drafts/review/{pk}"))
    for text in ("سفرنامه", "۱۲۰", "text.pdf", "وزیری (B5)", "۱۱ دی ۱۴۰۵", "۵۳۰ ریال"):
        assert text in review, text
    elsewhere.post(f"/wizard_drafts/step/confirm/{pk}")
    order = elsewhere.get(f"/wizard_drafts/show/{pk}").location
    assert "صفحه‌آرایی کتاب: اندازه صفحه – وزیری (B5)" in texts(buyer.page(order))

    # we review and start the work; the experts find it on their list
    identity = order.rsplit("/", 1)[1]
    for verb in ("approve", "release"):
        expert.post(f"/orders/step/{verb}/{identity}")
    jobs()
    assert all(name in buyer.page(order) for name in ("نسخه اولیه", "صفحه‌آرایی", "تحویل کار"))
    assert "First version" in expert.page("/work_stages/list/")
    assert "نسخه اولیه" in expert.page("/work_stages/list/?lang=fa")
    first, second = stage_of(expert, order, 0), stage_of(expert, order, 1)
    expert.post(first.replace("show", "step/take", 1))
    sent = {"note": "نسخه اول", "files": (io.BytesIO(PDF), "first.pdf")}
    expert.post(first.replace("show", "step/show", 1), sent, content_type="multipart/form-data")
    jobs()
    told = [mail for mail in mails() if "sara@nashr.example" in mail["To"]]
    assert any("نسخه اولیه" in mail["Subject"] for mail in told)

    # he wants a change, gets it, approves; the next stage follows
    assert "first.pdf" in buyer.page(first)
    wish = {"reason": WISH, "files": (io.BytesIO(PDF), "marked.pdf")}
    buyer.post(first.replace("show", "step/request_changes", 1), wish, content_type="multipart/form-data")
    seen = expert.page(first)
    assert WISH in seen and "marked.pdf" in seen
    for stage in (first, second):
        expert.post(stage.replace("show", "step/take", 1))
        expert.post(stage.replace("show", "step/show", 1), {"note": "آماده است"})
        refuse_final(finance, identity, publisher)
        buyer.post(stage.replace("show", "step/approve", 1), {"note": "عالی است"})
    refuse_final(finance, identity, publisher)

    # the expert checks; now and only now the final invoice is issued
    expert.post(second.replace("show", "step/check", 1))
    jobs()
    assert any("accepted" in mail["Subject"] and "billing@" in mail["To"] for mail in mails())
    answer = finance.post(f"/invoices/step/issue/{publisher.invoice}")
    assert answer.status_code == 302
    assert "Issued" in finance.page(f"/invoices/show/{publisher.invoice}")
    paper = words(buyer.get(f"/orders/document/{identity}/order_confirmation.pdf?lang=en").data)
    assert "Your answers" in paper and "text.pdf" in paper
    for url in (first, order):
        assert sign_in("buyer3").get(url).status_code == 404


def refuse_final(finance, order, publisher):
    """The final invoice of the order can be drafted, but not issued yet."""
    if not hasattr(publisher, "invoice"):
        made = finance.json("/api/v1/invoices/", {"order": int(order)})
        assert made.status_code == 201, made.get_data(as_text=True)
        publisher.invoice = made.json["id"]
    page = finance.post(f"/invoices/step/issue/{publisher.invoice}", follow_redirects=True).get_data(as_text=True)
    assert "The customer must approve the work and an expert must check it first." in page


def test_the_publishers_book_over_rest(publisher, rest, jobs):
    buyer, expert, finance = rest("publisher"), rest("reviewer"), rest("finance")
    given = {"title": "سفرنامه", "pages": "120", "size": "b5", "cover_kind": "designed", "index": "yes"}
    draft = buyer.post("/wizard_drafts/", {"service": publisher.service, "answers": given}).json["id"]
    form = {"field": "text", "file": (io.BytesIO(PDF), "text.pdf")}
    buyer.http.post(f"/api/v1/wizard_drafts/{draft}/files", data=form, headers=buyer.headers,
                    content_type="multipart/form-data")  # fmt: skip
    order = buyer.post(f"/wizard_drafts/{draft}/confirm").json["made"]["id"]
    for verb in ("approve", "release"):
        assert expert.post(f"/orders/{order}/{verb}").status_code == 200
    jobs()
    invoice = finance.post("/invoices/", {"order": order}).json["id"]
    first, second, last = [one["id"] for one in expert.get(f"/orders/{order}").json["result"]["service"]["stages"]]
    assert expert.post(f"/work_stages/{second}/take").json["error"] == "not_in_turn"
    assert expert.post(f"/work_stages/{first}/take").json["state"] == "doing"
    for nobody in ("x", 10**12, publisher.ids["buyer1"]):
        answer = expert.post(f"/work_stages/{first}/hand_over", {"handler": nobody})
        assert answer.status_code == (400 if nobody == "x" else 422), answer.json
    assert expert.post(f"/work_stages/{first}/hand_over", {"handler": publisher.ids["support"]}).status_code == 200
    assert expert.get(f"/work_stages/{first}").json["result"]["handler"]["id"] == publisher.ids["support"]
    assert attach(expert, first, "draft.pdf").status_code == 201
    assert "draft.pdf" not in str(buyer.get("/attachments/").json)
    assert expert.post(f"/work_stages/{first}/show").json["state"] == "shown"
    shown = buyer.get(f"/work_stages/{first}").json["result"]["rounds"][0]
    assert [one["name"] for one in shown["files"]] == ["draft.pdf"] and shown["answer"] is None
    assert attach(buyer, first, "marked.pdf").status_code == 201
    assert buyer.post(f"/work_stages/{first}/request_changes").status_code == 422
    asked = buyer.post(f"/work_stages/{first}/request_changes", {"reason": WISH})
    assert asked.json["state"] == "changes_requested"
    shown = expert.get(f"/work_stages/{first}").json["result"]["rounds"][0]
    assert (shown["comment"], shown["answer_files"][0]["name"]) == (WISH, "marked.pdf")
    for stage in (first, second):
        expert.post(f"/work_stages/{stage}/take")
        expert.post(f"/work_stages/{stage}/show", {"note": "Ready"})
        refused = finance.post(f"/invoices/{invoice}/issue")
        assert (refused.status_code, refused.json["error"]) == (422, "work_not_accepted")
        assert expert.post(f"/work_stages/{stage}/approve").status_code == 403
        assert buyer.post(f"/work_stages/{stage}/approve").json["state"] == "approved"
    assert buyer.post(f"/work_stages/{second}/check").status_code == 403
    assert not buyer.get(f"/orders/{order}").json["result"]["service"]["work_accepted"]
    assert expert.post(f"/work_stages/{second}/check").json["state"] == "done"
    assert finance.post(f"/invoices/{invoice}/issue").json["state"] == "issued"
    for verb in ("take", "finish"):
        assert expert.post(f"/work_stages/{last}/{verb}").status_code == 200
    actions = [one["action"] for one in buyer.get(f"/orders/{order}/history").json]
    assert {"show", "request_changes", "approve", "check", "finish"} <= set(actions)
    stranger = rest("buyer3")
    assert stranger.get("/work_stages/").json["count"] == 0
    for path in (f"/work_stages/{first}/approve", f"/work_stages/{second}/request_changes"):
        given = {"reason": "x"} if path.endswith("request_changes") else None
        assert stranger.post(path, given).status_code == 404


def attach(client, stage, name):
    """Send a file that waits at a stage."""
    form = {"noun": "work", "record_id": str(stage), "file": (io.BytesIO(PDF), name)}
    return client.http.post("/api/v1/attachments/", data=form, headers=client.headers,
                            content_type="multipart/form-data")  # fmt: skip
