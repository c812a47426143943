"""What hangs on a record is there for whoever sees the record: notes, messages, files, papers and mails about it."""

import io
from types import SimpleNamespace

import pytest
from flask_appbuilder.security.sqla.models import Role

from app.rules import audiences, conversations, documents, files, notifications, permissions
from app.rules import people as rules
from models.customers import Customer, CustomerBranch
from models.files import Attachment, File
from models.notifications import Notification
from models.orders import Order
from models.organisation import Branch
from tests import makers
from tests.clients import Client, Rest
from tests.people import PASSWORD
from tests.scenarios.conftest import folders

__all__ = ["folders"]
LISTS = ("internal_notes", "messages", "attachments", "documents", "notifications")
SCREENS = ("messages", "documents", "notifications")


@pytest.fixture
def enter(site, open_work):
    """`enter("brev", ...)` makes a member of staff and gives his two clients: cookie and token."""

    def made(username, **more):
        with open_work() as work:
            rules.create_user(work, username, kind="staff", password=PASSWORD, **more)
        client = Client(site, username)
        client.enter()
        return client, Rest(site, username)

    return made


@pytest.fixture
def orders(people, open_work, folders):
    """Orders with all that hangs on them: one of head office, and two of a customer who has moved to the branch since,
    of which only the later one is the branch's. One more is the branch's, of a customer of head office.
    """
    with open_work() as work:
        north = Branch(name="North", legal_name="North", country_code="GB", currency_code="GBP", parent_id=1)
        work.session.add(north)
        work.session.flush()
        work.session.get(Customer, people.two).branch_id = north.id
        product, found = makers.make_product(work), SimpleNamespace(north=north.id)
        for name, customer, branch in (("far", people.one, 1), ("moved", people.two, 1), ("near", people.two, north.id),
                                       ("lent", people.one, north.id)):  # fmt: skip
            owner = work.session.get(Customer, customer)
            order = makers.make_confirmed_order(work, owner, (product, 1), branch_id=branch)
            setattr(found, name, {"order": order.id} | hang(order, name, people, work))
    return found


def hang(order, name, people, work):
    """A note, a message with a file, a file, a paper, a mail to the customer and one to us: {where: ids}."""
    upload = files.store(io.BytesIO(b"a,b\n"), f"{name}.csv", "", work)
    message = conversations.post(order, "order", "order", f"Message of {name}", work, [upload])
    paper = documents.freeze(order, "order", "order_confirmation", "pdf", "en",
                             (f"{name}.pdf", "application/pdf", b"%PDF-" + name.encode()), work)  # fmt: skip
    mails = [
        Notification(customer_id=owner, noun=noun, record_id=pk, name="order_submitted", to="us@example.com",
                     locale="en", user_id=user, subject=f"Mail of {name}", body=f"Body of {name}")
        for owner, noun, pk, user in ((order.customer_id, "order", order.id, None),
                                      (0, "order", order.id, people.ids["reviewer"]),
                                      (0, "message", message.id, people.ids["reviewer"]))
    ]  # fmt: skip
    work.session.add_all(mails)
    work.session.flush()
    for one in mails:
        notifications.FLOW.run_one("fail", one, error="server: down")
    note = conversations.write_note(order, "order", f"Note of {name}", work)
    kept = [files.attach(order, "order", upload, work).id]
    kept += [one.id for one in work.session.query(Attachment).filter_by(noun="message", record_id=message.id)]
    work.session.flush()
    return {"internal_notes": [note.id], "messages": [message.id], "attachments": kept, "documents": [paper.id],
            "notifications": [one.id for one in mails]}  # fmt: skip


def ids(rest, where):
    return sorted(row["id"] for row in rest.get(f"/{where}/?q=(page_size:100)").json["result"])


def pages(where, pk):
    """The addresses at which one of them is read: over REST, and on screen."""
    content = [f"/{where}/{pk}/content"] if where in ("attachments", "documents") else []
    screens = [f"/{where}/show/{pk}"] if where in SCREENS else []
    screens += [f"/documents/fetch/{pk}"] if where == "documents" else []
    screens += [f"/attachments/{pk}"] if where == "attachments" else []
    return [f"/{where}/{pk}", *content], screens


def answers(client, rest, where, pk):
    over_rest, screens = pages(where, pk)
    return {rest.get(url).status_code for url in over_rest} | {client.get(url).status_code for url in screens}


@pytest.mark.parametrize("where", LISTS)
def test_a_branch_reads_what_hangs_on_its_own_records_only(where, orders, enter):
    client, rest = enter("brev", roles=["Reviewer"], branch_id=orders.north, branch_limited=True)
    hidden, seen = orders.far[where] + orders.moved[where], orders.near[where] + orders.lent[where]
    assert ids(rest, where) == sorted(seen)
    for pk in hidden:
        assert answers(client, rest, where, pk) == {404}, (where, pk)
    for pk in seen:
        assert answers(client, rest, where, pk) <= {200, 302}, (where, pk)
    if where in SCREENS:
        for page in (client.page(f"/{where}/list/"), client.page(f"/{where}/export/csv")):
            assert not any(f" of {name}" in page or f"{name}.pdf" in page for name in ("far", "moved"))


def test_orders_are_where_the_tests_say(orders, enter, open_work):
    _client, rest = enter("brev", roles=["Reviewer"], branch_id=orders.north, branch_limited=True)
    assert ids(rest, "orders") == sorted([orders.near["order"], orders.lent["order"]])
    with open_work() as work:
        assert work.session.get(Order, orders.moved["order"]).branch_id == 1


def test_a_branch_sends_no_mail_of_another_again(orders, enter, sign_in):
    client, rest = enter("brev", roles=["Reviewer"], branch_id=orders.north, branch_limited=True)
    for pk in orders.far["notifications"] + orders.moved["notifications"]:
        assert rest.post(f"/notifications/{pk}/resend").status_code == 404
        assert client.post(f"/notifications/step/resend/{pk}").status_code == 404
    told = rest.post("/notifications/resend", {"ids": orders.far["notifications"]}).json
    assert told["done"] == [] and {one["error"] for one in told["refused"]} == {"not_found"}


def test_a_mail_to_oneself_stays_readable(orders, enter, open_work):
    client, rest = enter("brev", roles=["Reviewer"], branch_id=orders.north, branch_limited=True)
    with open_work() as work:
        own = work.session.get(Notification, orders.far["notifications"][1])
        own.user_id = rules.find_user("brev", work).id
    assert answers(client, rest, "notifications", orders.far["notifications"][1]) == {200}
    assert orders.far["notifications"][1] in ids(rest, "notifications")


def test_a_branch_writes_about_its_own_orders_only(orders, enter):
    client, rest = enter("brev", roles=["Reviewer"], branch_id=orders.north, branch_limited=True)
    for noun in ("internal_notes", "messages"):
        for name, status in (("near", 201), ("moved", 404), ("far", 404)):
            sent = {"noun": "order", "record_id": getattr(orders, name)["order"], "text": "x"}
            assert rest.post(f"/{noun}/", sent).status_code == status
    page = client.page(f"/orders/show/{orders.near['order']}")
    assert "Note of near" in page and "Message of near" in page


def test_head_office_reads_all_of_it(orders, sign_in, rest):
    for where in LISTS:
        every = [pk for name in ("far", "moved", "near", "lent") for pk in getattr(orders, name)[where]]
        assert set(every) <= set(ids(rest("reviewer"), where))


@pytest.fixture
def offered(people, orders, open_work):
    """Files and price lists of a customer of head office, of the branch's, of both, and of everybody."""
    with open_work() as work:
        found = {}
        for name, customers in (("far", [people.one]), ("near", [people.two]), ("both", [people.one, people.two]),
                                ("all", [])):  # fmt: skip
            file = File(title=f"File for {name}", everyone=False)
            work.session.add(file)
            files.publish(file, files.store(io.BytesIO(b"a,b\n"), f"{name}.csv", "", work), work)
            audiences.offer(file, customers, (), not customers, work)
            priced = makers.make_price_list(work, f"Prices for {name}", valid_from=work.now.date())
            audiences.offer(priced, customers, (), not customers, work)
            price = makers.make_price(work, makers.make_product(work), 5, priced)
            found[name] = {"files": file.id, "price_lists": priced.id, "prices": price.id}
    return found


def named(client, where, pk):
    """The customers that the page of a record says it is offered to."""
    section = client.page(f"/{where}/show/{pk}").partition('id="audience"')[2].partition("<form")[0]
    assert "Rival" in section, section
    return [name for name in ("Acme Ltd", "Rival Ltd") if name in section]


@pytest.mark.parametrize("where", ["files", "price_lists", "prices"])
def test_what_is_offered_to_another_branchs_customer_alone_is_not_there(where, offered, orders, enter):
    client, rest = enter("brev", roles=["Reviewer"], branch_id=orders.north, branch_limited=True)
    seen = set(ids(rest, where))
    assert offered["far"][where] not in seen
    assert {offered[name][where] for name in ("near", "both", "all")} <= seen
    hidden = offered["far"][where]
    assert rest.get(f"/{where}/{hidden}").status_code == 404
    assert client.get(f"/{where}/show/{hidden}").status_code == 404
    assert "for far" not in client.page(f"/{where}/list/")
    if where == "files":
        assert rest.get(f"/files/{hidden}/content").status_code == 404
        assert client.get(f"/files/content/{hidden}").status_code == 404


def test_a_branch_offers_to_its_own_and_leaves_the_others_as_they_are(offered, orders, people, enter, rest):
    client, brev = enter("brev", roles=["Editor"], branch_id=orders.north, branch_limited=True)
    for where in ("files", "price_lists"):
        assert named(client, where, offered["both"][where]) == ["Rival Ltd"]
    both = offered["both"]["files"]
    assert brev.get(f"/files/{both}").json["result"]["customers"] == [people.two]
    assert brev.put(f"/files/{both}", {"everyone": False, "customers": [people.two]}).status_code == 200
    assert sorted(rest("admin").get(f"/files/{both}").json["result"]["customers"]) == sorted([people.one, people.two])
    sent = {"title": "Ours", "customers": str(people.two), "file": (io.BytesIO(b"a,b\n"), "ours.csv")}
    made = brev.http.post("/api/v1/files/", data=sent, headers=brev.headers, content_type="multipart/form-data")
    assert made.status_code == 201, made.json
    assert brev.get(f"/files/{made.json['id']}/content").status_code == 200


# --- kinds of records somebody may not read at all ---------------------------------------------

PARTS = {"Message", "Notification", "Attachment", "Document", "LogEntry"}


@pytest.fixture
def mini(enter, open_work):
    """Whoever may read all that hangs on records, but no orders."""

    def entered(username="mini", **more):
        with open_work() as work:
            pairs = {("can_read", one) for one in PARTS} | {("can_resend", "Notification")}
            permissions.save(Role(), "Mini", pairs, set(), work)
        return enter(username, roles=["Mini"], **more)

    return entered


@pytest.mark.parametrize("where", LISTS)
def test_who_reads_no_orders_reads_nothing_that_hangs_on_them(where, orders, mini):
    client, rest = mini()
    assert rest.get("/orders/").status_code == 403
    assert ids(rest, where) == []
    for pk in orders.far[where]:
        assert answers(client, rest, where, pk) <= {403, 404}, (where, pk)
    if where in SCREENS:
        assert " of far" not in client.page(f"/{where}/list/") + client.page(f"/{where}/export/csv")


def test_who_reads_no_orders_sends_no_mail_about_them_again(orders, mini):
    client, rest = mini()
    for pk in orders.far["notifications"]:
        assert rest.post(f"/notifications/{pk}/resend").status_code == 404
        assert client.post(f"/notifications/step/resend/{pk}").status_code == 404


def test_who_reads_no_orders_still_reads_his_own_mail(orders, mini, open_work):
    client, rest = mini()
    own = orders.far["notifications"][1]
    with open_work() as work:
        work.session.get(Notification, own).user_id = rules.find_user("mini", work).id
    assert ids(rest, "notifications") == [own]
    assert answers(client, rest, "notifications", own) == {200}
    assert rest.post(f"/notifications/{own}/resend").status_code == 200


def test_customers_find_their_mails_about_refunds(people, rest, open_work):
    with open_work() as work:
        mail = Notification(customer_id=people.one, noun="refund_proposal", record_id=1, name="payment_refunded",
                            to="office@example.com", locale="en", subject="Refunded", body="x")  # fmt: skip
        work.session.add(mail)
        work.session.flush()
        pk = mail.id
    assert rest("buyer1").get(f"/notifications/{pk}").status_code == 200


def test_a_branch_works_off_its_orders_of_customers_of_another(orders, enter, people, open_work):
    with open_work() as work:
        work.session.add(CustomerBranch(record_id=people.one, branch_id=orders.north))
    desk, program = enter("brev", roles=["Reviewer"], branch_id=orders.north, branch_limited=True)
    pk = orders.lent["order"]
    assert desk.page(f"/orders/show/{pk}")
    sent = {"noun": "order", "record_id": pk, "text": "On its way"}
    done = [program.post("/messages/", sent), program.post("/internal_notes/", sent),
            program.post("/log_entries/", {**sent, "channel": "phone", "direction": "out"}),
            program.post(f"/orders/{pk}/amend", {"remark": "Ring twice"}),
            program.post(f"/orders/{pk}/cancel", {"reason": "Closed"})]  # fmt: skip
    assert [one.status_code for one in done] == [201, 201, 201, 200, 200], [one.json for one in done]
    page = desk.page(f"/orders/show/{pk}")
    assert page.count("On its way") >= 3 and "Ring twice" in page
    history = {one["action"] for one in program.get(f"/orders/{pk}/history").json}
    assert {"amend", "cancel"} <= history, history


def test_who_changes_the_branch_stays_with_the_old_one_where_it_has_something_of_his(people, open_work, enter, rest):
    with open_work() as work:
        north = Branch(name="North", legal_name="North", country_code="GB", currency_code="GBP", parent_id=1)
        work.session.add(north)
        work.session.flush()
        ours, product = north.id, makers.make_product(work, sku="A-1", price="10", stock_of=100)
        for pk in (people.one, people.two):
            work.session.get(Customer, pk).branch_id = ours
        order = makers.make_confirmed_order(work, work.session.get(Customer, people.one), (product, 1), branch_id=ours)
        order_id = order.id
    _desk, program = enter("brev", roles=["Admin"], branch_id=ours, branch_limited=True)
    for pk in (people.one, people.two):
        assert rest("admin").call("PUT", f"/customers/{pk}", {"branch": 1}).status_code == 200
    assert program.get(f"/customers/{people.one}").status_code == 200
    assert program.get(f"/customers/{people.two}").status_code == 404
    assert ids(program, "customers") == [people.one]
    lines = [{"sku": "A-1", "quantity": "1"}]
    for noun, given in (("orders", {"lines": lines}), ("carts", {"lines": lines}), ("quotes", {"lines": lines}),
                        ("contracts", {"title": "Hire", "starts_on": "2026-12-01", "months": 12, "lines": lines}),
                        ("tickets", {"subject": "Late", "text": "Where is it?"})):  # fmt: skip
        refused = program.post(f"/{noun}/", {"customer": people.one, **given})
        assert (refused.status_code, refused.json["error"]) == (422, "other_branch"), (noun, refused.json)
        assert "Head office" in refused.json["message"]
    assert program.post(f"/orders/{order_id}/cancel", {"reason": "Closed"}).status_code == 200
