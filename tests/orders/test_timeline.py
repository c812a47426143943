"""The history of a record on its page: words instead of codes and ids, and why something was done."""

from app.core.history import History
from tests import makers


def made(rest, open_work, people, **more):
    with open_work() as work:
        makers.make_product(work, sku="A-1", price="2.50", stock_of=100)
    asked = {"currency": "GBP", "lines": [{"sku": "A-1", "quantity": "6"}], "submit": True, **more}
    answer = rest("buyer1").post("/orders/", asked)
    assert answer.status_code == 201, answer.json
    return answer.json["id"]


def timeline(client, address):
    page = client.page(address)
    return page.partition('id="history"')[2].partition("</section>")[0]


def test_customer_reads_why_his_order_was_rejected(people, open_work, rest, sign_in):
    pk = made(rest, open_work, people)
    assert rest("reviewer").post(f"/orders/{pk}/reject", {"reason": "No such grind"}).status_code == 200
    assert "No such grind" in timeline(sign_in("buyer1"), f"/orders/show/{pk}")
    assert rest("buyer1").get(f"/orders/{pk}/history").json[0]["note"] == "No such grind"


def test_what_a_reviewer_notes_about_his_approval_stays_inside(people, open_work, rest, sign_in):
    pk = made(rest, open_work, people)
    assert rest("reviewer").post(f"/orders/{pk}/approve", {"note": "Pays late, watch him"}).status_code == 200
    assert "Pays late" in timeline(sign_in("reviewer"), f"/orders/show/{pk}")
    assert "Pays late" not in sign_in("buyer1").page(f"/orders/show/{pk}")
    assert "Pays late" not in str(rest("buyer1").get(f"/orders/{pk}/history").json)


def test_what_we_note_about_an_assignment_stays_inside(people, open_work, rest, sign_in):
    pk = made(rest, open_work, people)
    with open_work() as work:
        work.session.add(
            History(customer_id=people.one, noun="order", record_id=pk, at=work.now, actor="x", inside="staff",
                    action="order.assign", source="screen", note="He pays late", changes={}))  # fmt: skip
    assert "He pays late" in timeline(sign_in("reviewer"), f"/orders/show/{pk}")
    assert "He pays late" not in sign_in("buyer1").page(f"/orders/show/{pk}")
    assert "He pays late" not in str(rest("buyer1").get(f"/orders/{pk}/history").json)


def test_timeline_names_records_instead_of_ids_and_formats_figures(people, open_work, rest, sign_in):
    pk = made(rest, open_work, people)
    reviewer = sign_in("reviewer")
    assert rest("reviewer").post(f"/orders/{pk}/assign", {"handler": people.ids["supervisor"]}).status_code == 200
    shown = timeline(reviewer, f"/orders/show/{pk}")
    assert "Supervisor" in shown
    assert "Created" in shown
    assert "Branch" not in shown, "what a record was made with stands on its page"


def test_a_record_nobody_named_the_making_of_is_created(people, open_work, sign_in):
    with open_work() as work:
        product = makers.make_product(work, sku="N-1", price="1")
        pk = product.id
    shown = timeline(sign_in("editor"), f"/products/show/{pk}")
    assert "Created" in shown
    assert "Serai" in shown
    assert "system:" not in shown


def test_steps_ask_for_people_by_name_and_for_days_by_a_calendar(people, open_work, rest, sign_in):
    pk = made(rest, open_work, people)
    assign = sign_in("reviewer").page(f"/orders/show/{pk}").partition('id="do-assign"')[2].partition("</dialog>")[0]
    assert 'data-combo="/customers/managers"' in assign
    with open_work() as work:
        contract = makers.make_contract(work, work.session.get(makers.Customer, people.one)).id
    page = sign_in("reviewer").page(f"/contracts/show/{contract}")
    assert 'type="date"' not in page
    assert "data-date" in page.partition('id="do-terminate"')[2].partition("</dialog>")[0]
