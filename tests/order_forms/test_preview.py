"""What becomes of each row of an order form, without any door."""

import io
from decimal import Decimal

import pytest

from app.core.errors import BusinessError
from app.core.localized import Reader
from app.rules import order_forms, order_preview, orders, settings_pages
from models.orders import Order, OrderLine
from models.products import UnitFactor
from tests import makers
from tests.order_forms import books

EN = Reader("en")


@pytest.fixture
def shop(work):
    """A customer and what he can buy: pieces, kilograms, a box of twelve, one archived, one without a price."""
    customer = makers.make_customer(work)
    makers.make_product(work, "AB-1", price="10", stock_of=100)
    makers.make_product(work, "KG-1", price="2.50", stock_of=100, unit_code="KGM")
    boxed = makers.make_product(work, "BOX-1", price="1", stock_of=3)
    work.session.add(UnitFactor(product_id=boxed.id, unit_code="BX", factor=Decimal(12)))
    makers.make_product(work, "OLD-1", price="5", archived_at=work.now)
    makers.make_product(work, "BARE-1")
    many = makers.make_product(work, "MANY-1")
    makers.make_price(work, many, "7", from_quantity=10)
    work.session.flush()
    return customer


def preview(work, customer, *rows, head=books.HEAD, reader=EN):
    data = books.xlsx(head, *rows) if head else books.xlsx(*rows)
    return order_forms.upload(work, "form.xlsx", io.BytesIO(data), reader, customer=customer.id)


def told(form):
    """[(mark, codes, taken)] of each row."""
    return [(row["mark"], [code for code, _values in row["why"]], row["take"]) for row in form.rows]


def test_each_row_is_taken_changed_or_refused_with_its_reason(work, shop):
    form = preview(
        work, shop,
        ("ab-1", "x", "", 10, 6), ("KG-1", "", "", "2.50", "1.5"), ("BOX-1", "", "box", "", 2),
        ("AB-1", "", "", "", 4), ("KG-1", "", "", "", ""), ("OLD-1", "", "", "", 1), ("BARE-1", "", "", "", 1),
        ("NONE", "", "", "", 1), ("MANY-1", "", "", "", 3), ("AB-1", "", "pallet", "", 1), ("AB-1", "", "", "", "six"),
        ("AB-1", "", "", "", -1), ("", "no code", "", "", 3),
    )  # fmt: skip
    assert told(form) == [
        ("changed", ["added_up"], "10"), ("taken", [], "1.5"), ("changed", ["converted"], "24"),
        ("changed", ["added"], "0"), ("refused", ["product_archived"], "0"), ("refused", ["no_price"], "0"),
        ("refused", ["unknown_product"], "0"), ("refused", ["more_needed"], "0"), ("refused", ["unit_unknown"], "0"),
        ("refused", ["bad_quantity"], "0"), ("refused", ["not_positive"], "0"), ("refused", ["no_sku"], "0"),
    ]  # fmt: skip
    assert (form.state, form.row_count, form.empty_count) == ("ready", 12, 1)
    assert (form.taken_count, form.changed_count, form.refused_count) == (1, 3, 8)
    assert form.total_net == Decimal("100") + Decimal("3.75") + Decimal("24")
    assert form.rows[2]["short"] == "3"


def test_an_order_is_made_of_what_was_taken_and_changed(work, shop):
    form = preview(work, shop, ("AB-1", "", "", "", 6), ("NONE", "", "", "", 1), ("KG-1", "", "", "", "1.5"))
    made = order_forms.FLOW.run_one("order", form, submit=True, reference="PO-9")
    assert [(line.sku, line.quantity_ordered) for line in made.lines] == [("AB-1", 6), ("KG-1", Decimal("1.5"))]
    assert (made.state, made.reference, made.total_gross) == ("submitted", "PO-9", form.total_gross)
    assert (form.state, form.order_id) == ("ordered", made.id)
    with pytest.raises(BusinessError, match="not possible"):
        order_forms.FLOW.run_one("order", form)
    with pytest.raises(BusinessError, match="stays"):
        order_forms.remove(form, work)


def test_nothing_else_is_ordered_than_the_preview_showed(work, shop):
    form = preview(work, shop, ("AB-1", "", "", "", 6))
    price = makers.general_list(work).prices[0]
    work.session.refresh(price)
    assert price.product.sku == "AB-1"
    price.unit_price = Decimal(11)
    work.session.flush()
    with pytest.raises(BusinessError) as refused:
        order_forms.FLOW.run_one("order", form)
    assert refused.value.code == "preview_changed"
    assert work.session.query(Order).count() == 0
    order_forms.FLOW.run_one("check", form)
    assert form.total_net == 66
    assert order_forms.FLOW.run_one("order", form).total_net == 66


def test_a_form_without_anything_to_order_makes_no_order(work, shop):
    form = preview(work, shop, ("NONE", "", "", "", 6))
    with pytest.raises(BusinessError) as refused:
        order_forms.FLOW.run_one("order", form)
    assert refused.value.code == "nothing_to_order"


def test_quantities_finer_than_the_unit_are_rounded_and_told(work, shop):
    form = preview(work, shop, ("AB-1", "", "", "", 2.5), ("BOX-1", "", "", "", 0.2), ("KG-1", "", "", "", 1.2345678))
    assert told(form)[0] == ("changed", ["rounded"], "3")
    assert told(form)[1][0] == "refused"
    words = order_preview.reasons(form.rows[0], "GBP", EN)
    assert words == ["Rounded to whole steps of the unit: 3 instead of 2.5."]


def test_half_pieces_in_two_rows_make_a_whole_one(work, shop):
    form = preview(work, shop, ("AB-1", "", "", "", 0.5), ("AB-1", "", "", "", 0.5))
    assert told(form) == [("changed", ["added_up"], "1"), ("changed", ["added"], "0")]
    assert order_forms.lines(form) == [{"sku": "AB-1", "quantity": Decimal(1)}]


def test_a_price_that_differs_from_the_file_is_told(work, shop):
    form = preview(work, shop, ("AB-1", "", "", 9.5, 1), ("KG-1", "", "", "£2.50", 1))
    assert told(form) == [("changed", ["price"], "1"), ("taken", [], "1")]
    assert order_preview.reasons(form.rows[0], "GBP", EN) == ["The price is £10.00 now, it was £9.50 before."]


def test_prices_with_and_without_tax_do_not_mix(work, shop):
    gross = makers.make_price_list(work, "Shop prices", includes_tax=True)
    for sku in ("IN-1", "IN-2"):
        makers.make_price(work, makers.make_product(work, sku), "12", price_list=gross)
    form = preview(work, shop, ("IN-1", "", "", "", 1), ("AB-1", "", "", "", 1), ("IN-2", "", "", "", 1))
    assert [row["mark"] for row in form.rows] == ["taken", "refused", "taken"]
    assert order_forms.FLOW.run_one("order", form).total_gross == 24


def test_a_copy_has_todays_prices_and_says_what_is_gone(work, shop):
    wanted = [{"sku": sku, "quantity": Decimal(count)} for sku, count in (("AB-1", 2), ("KG-1", 3), ("BOX-1", 4))]
    old = orders.create(work, customer=shop.id, lines=wanted, submit=True)
    by_sku = {line.sku: line for line in old.lines}
    by_sku["BOX-1"].product.archived_at = work.now
    by_sku["KG-1"].product.prices[0].unit_price = Decimal(3)
    work.session.flush()
    made = orders.FLOW.run_one("copy", old)
    assert made.state == "draft"
    found = [(line.sku, line.quantity_ordered, line.unit_price) for line in made.lines]
    assert found == [("AB-1", 2, 10), ("KG-1", 3, 3)]
    form = order_forms.of_order(made, work)
    assert told(form) == [("taken", [], "2"), ("changed", ["price"], "3"), ("refused", ["product_archived"], "0")]
    assert (form.source, form.name) == ("copy", old.number)


def test_a_copy_of_what_is_all_gone_is_refused_and_leaves_nothing(work, shop):
    old = orders.create(work, customer=shop.id, lines=[{"sku": "AB-1", "quantity": Decimal(2)}], submit=True)
    old.lines[0].product.archived_at = work.now
    work.session.flush()
    with pytest.raises(BusinessError) as refused:
        orders.FLOW.run_one("copy", old)
    assert refused.value.code == "nothing_to_order"
    assert work.session.query(Order).count() == 1
    assert work.session.query(OrderLine).count() == 1


def test_the_same_file_ordered_before_is_known_again(work, shop):
    data = books.xlsx(books.HEAD, ("AB-1", "", "", "", 6))
    first = order_forms.upload(work, "a.xlsx", io.BytesIO(data), EN, customer=shop.id)
    order_forms.FLOW.run_one("order", first)
    second = order_forms.upload(work, "b.xlsx", io.BytesIO(data), EN, customer=shop.id)
    assert order_forms.ordered_before(second, work).id == first.id


def test_old_previews_are_removed_and_ordered_ones_stay(work, open_work, shop):
    kept = preview(work, shop, ("AB-1", "", "", "", 6))
    order_forms.FLOW.run_one("order", kept)
    old, fresh = (preview(work, shop, ("AB-1", "", "", "", 6)) for _ in range(2))
    for form in (kept, old):
        form.created_at = work.now.replace(year=2025)
    work.session.flush()
    order_forms.clean(work)
    left = {one.id for one in work.session.query(order_forms.OrderForm.id)}
    assert left == {kept.id, fresh.id}


def test_previews_stay_for_good_where_the_setting_says_so(work, shop):
    settings_pages.put("ORDER_FORM_KEEP_DAYS", "system", 0, 0, work)
    form = preview(work, shop, ("AB-1", "", "", "", 6))
    form.created_at = work.now.replace(year=2025)
    work.session.flush()
    order_forms.clean(work)
    assert work.session.get(order_forms.OrderForm, form.id) is not None
