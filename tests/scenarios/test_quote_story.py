"""The Romanian request for an offer: priced, negotiated, accepted in part, ordered; its paper is Romanian."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from models.documents import IssuedDocument
from models.organisation import Branch
from models.people import Person
from tests import makers

LATER = (date.today() + timedelta(days=14)).isoformat()  # the doors look at the clock


@pytest.fixture
def shop(people, open_work):
    """A buyer who reads Romanian, a machine in the catalogue, an address."""
    with open_work() as work:
        customer = makers.customer_of(work, people.one)
        customer.language, customer.name = "ro", "Cafenele Carpați SRL"
        customer.email = "office@carpati.example"
        makers.make_address(work, customer, recipient=customer.name, street="Strada Lungă 4", city="Brașov",
                            country_code="RO")  # fmt: skip
        makers.make_product(work, sku="MASINA", price="900", stock_of=20,
                            names={"en": "Coffee machine", "ro": "Mașină de cafea"})  # fmt: skip
        makers.make_product(work, sku="RASNITA", price="120", stock_of=20,
                            names={"en": "Grinder", "ro": "Râșniță"})  # fmt: skip
        for name in ("buyer1", "buyer2"):
            person = work.session.get(Person, people.ids[name])
            person.locale = "ro"
        work.session.get(Branch, 1).timezone = "Europe/Bucharest"
    return people


ASKED = [{"sku": "MASINA", "quantity": "2", "requested_on": LATER}, {"sku": "RASNITA", "quantity": "4"},
         {"name": "Gravarea siglei pe aparate", "quantity": "2"}]  # fmt: skip
OFFERED = [
    {"sku": "MASINA", "quantity": "2", "unit_price": "850", "requested_on": LATER, "internal_cost": "600"},
    {"sku": "RASNITA", "quantity": "4", "unit_price": "110", "discount_percent": "10"},
    {"name": "Gravarea siglei pe aparate", "quantity": "2", "unit_price": "25"},
    {"name": "Autocolant cu sigla", "quantity": "2", "unit_price": "8", "alternative": True},
]


def papers(open_work, pk):
    """What has been kept of a quote: edition, language."""
    with open_work() as work:
        wanted = select(IssuedDocument).filter_by(noun="quote", record_id=pk, format="pdf").order_by(IssuedDocument.id)
        return [(one.edition, one.locale) for one in work.session.scalars(wanted)]


def test_an_offer_is_asked_for_negotiated_and_ordered_on_screens(shop, sign_in, jobs, mails, words, open_work):
    buyer, reviewer = sign_in("buyer1"), sign_in("reviewer")
    assert 'lang="ro"' in buyer.page("/quotes/add")
    head = {"currency": "GBP", "reference": "CO-17", "remark": "Livrare dimineața"}
    address = next(line for line in buyer.page("/quotes/add").split("<option") if "Brașov" in line).split('"')[1]
    made = buyer.json("/quotes/save", {**head, "delivery_address": address, "lines": ASKED, "submit": True},
                      Accept="application/json").json  # fmt: skip
    url, pk = made["url"], made["id"]
    reviewer.post(f"/quotes/step/take/{pk}")
    assert "Brașov" in reviewer.page(url) and "Livrare dimineața" in reviewer.page(url)
    saved = reviewer.json(f"/quotes/save/{pk}", {"valid_until": LATER, "lines": OFFERED, "submit": True,
                                                 "internal_remark": "Sub 800 nu se merge"})  # fmt: skip
    assert saved.status_code == 200, saved.json
    reviewer.post(f"/quotes/step/publish/{pk}")
    jobs()
    assert papers(open_work, pk) == [("1", "ro")]
    paper = words(buyer.get(f"/quotes/document/{pk}/quote.pdf").data)
    assert "Mașină de cafea" in paper and "Gravarea siglei" in paper and "Brașov" in paper
    assert "Sub 800" not in paper and "600" not in paper
    assert "Ofertă" in paper and "2.146,00" in paper, paper
    [offer] = [mail for mail in mails() if any(part.get_filename() for part in mail.iter_attachments())]
    assert offer["To"] == "office@carpati.example", "the offer went out by mail with its paper"
    ids = [line.split('"')[0] for line in buyer.page(f"/quotes/answer/{pk}").split('name="take" value="')[1:]]
    sent = buyer.post(f"/quotes/answer/{pk}", {"do": "counter", f"price-{ids[0]}": "820,50", "comment": "Mai ieftin?"})
    assert sent.status_code == 302
    page = reviewer.page(url)
    assert "£820.50" in page and "Mai ieftin?" in reviewer.page(f"/quotes/revision/{pk}/1")
    reviewer.post(f"/quotes/step/revise/{pk}")
    assert "£820.50" in reviewer.page(url)
    reviewer.post(f"/quotes/step/publish/{pk}")
    jobs()
    assert papers(open_work, pk) == [("1", "ro"), ("2", "ro")], "the first revision stays as it was issued"
    assert "820,50" in words(buyer.get(f"/quotes/document/{pk}/quote.pdf").data)
    first = buyer.page(url).split("/documents/fetch/")[2].split('"')[0]  # newest revision first
    assert "850,00" in words(buyer.get(f"/documents/fetch/{first}").data)
    assert buyer.get(f"/quotes/revision/{pk}/1").status_code == 200 == buyer.get(f"/quotes/revision/{pk}/0").status_code
    ids = [line.split('"')[0] for line in buyer.page(f"/quotes/answer/{pk}").split('name="take" value="')[1:]]
    assert buyer.post(f"/quotes/answer/{pk}", {"do": "accept", "take": ids[:2]}).status_code == 302
    buyer.post(f"/quotes/step/convert/{pk}", {"reference": "CO-17/2"})
    jobs()
    page = buyer.page(url)
    order = page.split("/orders/show/")[1].split('"')[0]
    assert "CO-17/2" in buyer.page(f"/orders/show/{order}")
    assert f"/quotes/show/{pk}" in buyer.page(f"/orders/show/{order}")
    assert sign_in("buyer3").get(url).status_code == 404


def test_an_offer_is_asked_for_negotiated_and_ordered_over_rest(shop, rest, jobs, mails, words):
    buyer, reviewer, supervisor = (rest(one) for one in ("buyer1", "reviewer", "supervisor"))
    made = buyer.post("/quotes/", {"reference": "CO-17", "lines": ASKED, "submit": True}).json
    pk = made["id"]
    assert made["result"]["lines"][0]["name"] == "Mașină de cafea", "lines speak the customer's language"
    assert reviewer.post(f"/quotes/{pk}/take").status_code == 200
    put = reviewer.put(f"/quotes/{pk}", {"lines": OFFERED, "valid_until": LATER})
    assert put.status_code == 200, put.json
    assert reviewer.post(f"/quotes/{pk}/price").json["state"] == "priced"
    assert reviewer.post(f"/quotes/{pk}/review").json["error"] == "own_decision"
    assert supervisor.post(f"/quotes/{pk}/review").status_code == 200
    assert reviewer.post(f"/quotes/{pk}/publish").json["state"] == "offered"
    jobs()
    answer = buyer.get(f"/quotes/{pk}/documents/quote.pdf")
    assert "Ofertă" in words(answer.data)
    assert answer.data == buyer.get(f"/quotes/{pk}/documents/quote.pdf").data, "the kept bytes"
    english = words(buyer.get(f"/quotes/{pk}/documents/quote.pdf?lang=en").data)
    assert "Translation" in english and "Quote" in english
    shown = buyer.get(f"/quotes/{pk}").json["result"]
    machine, _grinder, _engraving, sticker = shown["lines"]
    assert (shown["total_net"], sticker["alternative"]) == ("2146.00", True)
    counter = {"comment": "Mai ieftin?", "lines": [{"id": machine["id"], "unit_price": "820.50", "quantity": "3"}]}
    assert buyer.post(f"/quotes/{pk}/counter", counter).json["state"] == "offered"
    assert reviewer.post(f"/quotes/{pk}/agree").json["state"] == "accepted"
    agreed = buyer.get(f"/quotes/{pk}").json["result"]
    assert (agreed["revision"], agreed["lines"][0]["quantity"]) == (2, "3")
    assert agreed["revisions"][1]["lines"][0]["unit_price"] == machine["unit_price"] == "850.00"
    order = buyer.post(f"/quotes/{pk}/convert").json["made"]["id"]
    ordered = buyer.get(f"/orders/{order}").json["result"]
    assert ordered["total_gross"] == agreed["total_gross"], "what is no product of ours is ordered, too"
    jobs()
    assert [mail.get_content_type() for mail in mails()], "the customer was told"
    assert rest("buyer3").get(f"/quotes/{pk}").status_code == 404
