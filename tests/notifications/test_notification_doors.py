"""Notifications and issued documents through their doors."""

import pytest

from app.rules import notifications
from models.documents import IssuedDocument
from models.notifications import Notification
from tests import makers


@pytest.fixture
def told(people, open_work):
    """Ids of a failed mail to buyer1, one to buyer2, one to the customer's own address, one of ours."""
    with open_work() as work:
        rows = []
        for user, owner, to in (
            ("buyer1", people.one, "a@example.com"),
            ("buyer2", people.one, "b@example.com"),
            (None, people.one, "office@example.com"),
            ("reviewer", 0, "us@example.com"),
        ):
            row = Notification(
                customer_id=owner,
                noun="order",
                record_id=1,
                name="order_confirmed",
                to=to,
                locale="en",
                user_id=people.ids.get(user),
                subject=f"To {to}",
                body="Dear reader, <b>hello</b>",
            )
            work.session.add(row)
            rows.append(row)
        work.session.flush()
        notifications.FLOW.run_one("fail", rows[0], error="recipient: 550 no such user")
        return [row.id for row in rows]


def test_staff_see_the_fate_and_send_again(told, sign_in, rest):
    reviewer = sign_in("reviewer")
    page = reviewer.page("/notifications/list/?state=failed")
    assert "To a@example.com" in page and "does not accept this address" in page
    page = reviewer.page(f"/notifications/show/{told[0]}")
    assert "Dear reader, &lt;b&gt;hello&lt;/b&gt;" in page and "550 no such user" in page and "Send again" in page
    reviewer.post(f"/notifications/step/resend/{told[0]}")
    assert "Queued" in reviewer.page(f"/notifications/show/{told[0]}")
    shown = rest("reviewer").get(f"/notifications/{told[0]}").json["result"]
    assert (shown["state"], shown["attempts"], shown["to"]) == ("waiting", 0, "a@example.com")
    assert rest("warehouse").post(f"/notifications/{told[0]}/resend").status_code == 403


@pytest.mark.parametrize(("noun", "home"), [("work", "work_stages"), ("quote", "quotes"), ("order", "orders")])
def test_a_mail_leads_to_what_it_is_about(told, sign_in, open_work, noun, home):
    with open_work() as work:
        work.session.get(Notification, told[0]).noun = noun
    assert f'href="/{home}/show/1"' in sign_in("reviewer").page(f"/notifications/show/{told[0]}")


def test_customers_see_what_was_sent_to_them(told, sign_in, rest):
    buyer = rest("buyer1")
    assert {row["to"] for row in buyer.get("/notifications/").json["result"]} == {"a@example.com", "office@example.com"}
    assert buyer.get(f"/notifications/{told[1]}").status_code == 404
    assert "error" not in buyer.get(f"/notifications/{told[0]}").json["result"]
    assert rest("buyer3").get("/notifications/").json["result"] == []
    page = sign_in("buyer1").page(f"/notifications/show/{told[0]}")
    assert "Dear reader" in page and "550" not in page and "Send again" not in page
    assert sign_in("buyer1").get(f"/notifications/show/{told[3]}").status_code == 404
    assert buyer.post(f"/notifications/{told[0]}/resend").status_code == 403


@pytest.fixture
def document(people, open_work, sign_in):
    """The id of an issued invoice's PDF."""
    with open_work() as work:
        invoice = makers.make_invoice(work, makers.customer_of(work, people.one)).id
    assert sign_in("finance").get(f"/invoices/document/{invoice}/invoice.pdf").status_code == 200
    with open_work() as work:
        return work.session.query(IssuedDocument.id).order_by(IssuedDocument.id).first()[0]


def test_issued_documents_are_handed_out_as_they_were(document, sign_in, rest):
    for who in ("finance", "buyer1"):
        assert "invoice" in sign_in(who).page("/documents/list/?report=invoice").lower()
        answer = rest(who).get(f"/documents/{document}/content")
        assert answer.status_code == 200 and answer.data.startswith(b"%PDF")
        assert answer.headers["X-Content-Type-Options"] == "nosniff" and "private" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Disposition"].startswith("inline; filename=")
    assert sign_in("finance").get(f"/documents/fetch/{document}").data.startswith(b"%PDF")
    assert "Download" in sign_in("buyer1").page(f"/documents/show/{document}")


def test_documents_of_others_are_not_there(document, sign_in, rest):
    stranger = rest("buyer3")
    assert stranger.get("/documents/").json["result"] == []
    assert stranger.get(f"/documents/{document}/content").status_code == 404
    assert sign_in("buyer3").get(f"/documents/fetch/{document}").status_code == 404
    assert rest("admin").delete(f"/documents/{document}").status_code == 403
    assert sign_in("admin").post(f"/documents/delete/{document}").status_code == 404
    assert rest("nobody").get(f"/documents/{document}").status_code == 403
