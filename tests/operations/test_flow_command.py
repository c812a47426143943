"""`./serai flow` from the shell: whatever ids and steps are named, it says what became of them, never a trace."""

import pytest

from app import cli
from app.rules import invoices
from tests import makers


@pytest.fixture
def order(site, people, open_work, rest, monkeypatch):
    """The id of a submitted order in the database the shell works on."""
    monkeypatch.setattr(cli, "prepared_application", lambda make=False: site)
    with open_work() as work:
        makers.make_product(work, sku="A-1", price="2.50", stock_of=100)
    given = {"currency": "GBP", "lines": [{"sku": "A-1", "quantity": "2"}], "submit": True}
    return rest("buyer1").post("/orders/", given).json["id"]


def flow(*words):
    with pytest.raises(SystemExit) as ended:
        cli.main(["flow", *words], standalone_mode=False)
    return ended.value.code


@pytest.mark.parametrize("number", ["9" * 26, str(2**63), "987654321"])
@pytest.mark.parametrize("verb", ["approve", "merge", "unmerge"])
def test_a_number_that_is_no_id_is_not_found(order, capsys, verb, number):
    assert flow("order", verb, number) == 1
    assert capsys.readouterr().err.startswith(f"{number} not_found: ")


@pytest.mark.parametrize("verb", ["reject", "assign", "request_deletion"])
def test_a_step_that_needs_data_says_which(order, capsys, verb):
    assert flow("order", verb, str(order)) == 1
    told = capsys.readouterr().err
    assert told.startswith(f"{order} bad_data: ") and len(told.splitlines()) == 1, told


def test_a_step_that_can_do_without_is_taken(order, capsys):
    assert flow("orders", "cancel", str(order)) == 0
    assert f"{order} " in capsys.readouterr().out


def test_credit_notes_are_those_of_the_invoices_only(order, people, open_work, capsys):
    with open_work() as work:
        invoice = makers.make_invoice(work, makers.customer_of(work, people.one))
        note = invoices.create_credit(invoice.id, work, reason="Broken")
        work.session.flush()
        ids = {"bill": invoice.id, "note": note.id}
    assert flow("credit_notes", "issue", str(ids["note"]), str(ids["bill"])) == 1
    said = capsys.readouterr()
    assert said.err.startswith(f"{ids['bill']} not_found: ") and said.out.startswith(f"{ids['note']} CN-")
    assert flow("credit_note", "cancel", str(ids["bill"])) == 1
    assert capsys.readouterr().err.startswith(f"{ids['bill']} not_found: ")
