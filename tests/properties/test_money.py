"""Money and quantity hold for every figure, not only for the ones we thought of."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.money import Money, Unreadable, digits, parse_amount, total, zero
from app.core.quantity import Quantity, Uneven, Unit, parse_quantity
from app.rules.tax import net_tax_gross

currencies = st.sampled_from(["EUR", "GBP", "IRR", "JPY", "KWD", "CLF", "RON"])
decimals = st.decimals(min_value=-(10**14), max_value=10**14, places=6, allow_nan=False)
monies = st.builds(Money, decimals, currencies)
small = st.decimals(min_value=0, max_value=100, places=3)


@given(monies, st.integers(1, 60))
def test_parts_differ_by_one_minor_unit_and_sum_exactly(money, parts):
    shares = money.split(parts)
    step = Decimal(1).scaleb(-digits(money.currency))
    assert total(shares, money.currency) == money.rounded()
    assert max(shares).amount - min(shares).amount <= step


@given(monies, st.lists(st.integers(0, 10**6) | small, min_size=1, max_size=30))
def test_weighted_shares_sum_exactly_and_stay_within_one_minor_unit_of_their_part(money, weights):
    shares = money.split_by(weights)
    assert total(shares, money.currency) == money.rounded()
    if any(weights):
        step = Fraction(1, 10 ** digits(money.currency))
        whole = sum(map(Fraction, weights))
        for weight, share in zip(weights, shares, strict=True):
            exact = Fraction(money.rounded().amount) * Fraction(weight) / whole
            assert abs(Fraction(share.amount) - exact) < step
            assert weight or not share


@given(monies, monies)
def test_addition_is_exact_and_never_mixes_currencies(one, other):
    if one.currency != other.currency:
        with pytest.raises(ValueError, match="convert first"):
            one + other
        with pytest.raises(ValueError, match="convert first"):
            one < other  # noqa: B015 the comparison itself is what must fail
        assert one != other
    else:
        assert Fraction((one + other).amount) == Fraction(one.amount) + Fraction(other.amount)
        assert one + other - other == one
        assert (one < other) == (other > one) == (not one >= other)


@given(monies)
def test_rounding_is_half_up_and_idempotent(money):
    rounded, step = money.rounded(), Decimal(1).scaleb(-digits(money.currency))
    assert rounded.rounded() == rounded
    assert abs(rounded.amount - money.amount) <= step / 2
    assert (-money).rounded() == -rounded


@given(decimals, decimals)
def test_products_keep_every_digit(price, quantity):
    assert Fraction((Money(price, "EUR") * quantity).amount) == Fraction(price) * Fraction(quantity)


@given(decimals, decimals, small, st.decimals(0, 60, places=2), st.booleans(), currencies)
def test_net_and_tax_make_gross_on_every_line(price, quantity, discount, rate, includes_tax, currency):
    quantity = quantity.scaleb(-9).quantize(Decimal("0.001"))
    line = net_tax_gross(price, quantity, discount, rate, includes_tax, currency)
    assert line.net + line.tax == line.gross
    assert all(amount == amount.rounded() for amount in line)
    minor = Fraction(1, 10 ** digits(currency))
    exact = Fraction(price) * Fraction(quantity) * (100 - Fraction(discount)) / 100
    spoken = line.gross if includes_tax else line.net
    assert abs(Fraction(spoken.amount) - exact) <= minor / 2
    assert abs(Fraction(line.tax.amount) - Fraction(line.net.amount) * Fraction(rate) / 100) <= minor
    credit = net_tax_gross(price, -quantity, discount, rate, includes_tax, currency)
    assert credit.gross == -line.gross and credit.tax == -line.tax


@pytest.mark.parametrize(
    "price, quantity, discount, rate, includes_tax, currency, expected",
    [
        ("10", "3", "0", "20", False, "GBP", ("30.00", "6.00", "36.00")),
        ("12", "3", "0", "20", True, "GBP", ("30.00", "6.00", "36.00")),
        ("0.335", "1", "0", "0", False, "EUR", ("0.34", "0.00", "0.34")),
        ("100", "1", "18.5", "18", False, "TRY", ("81.50", "14.67", "96.17")),
        ("99.99", "1", "0", "19", True, "RON", ("84.03", "15.96", "99.99")),
        ("1250", "1", "0", "10", False, "JPY", ("1250", "125", "1375")),
        ("1.2345", "2", "0", "5", False, "KWD", ("2.469", "0.123", "2.592")),
        ("10", "-1", "100", "20", False, "EUR", ("0.00", "0.00", "0.00")),
    ],
)
def test_tax_examples(price, quantity, discount, rate, includes_tax, currency, expected):
    numbers = (Decimal(text) for text in (price, quantity, discount, rate))
    line = net_tax_gross(*numbers, includes_tax, currency)
    assert tuple(str(amount.amount) for amount in line) == expected


@pytest.mark.parametrize("percents", [("-1", "20"), ("101", "20"), ("0", "-1")])
def test_impossible_percentages_are_refused(percents):
    with pytest.raises(ValueError):
        net_tax_gross(Decimal(1), Decimal(1), Decimal(percents[0]), Decimal(percents[1]), False, "EUR")


def test_floats_and_nonsense_never_become_money():
    for wrong in (1.5, "1.5", 1, None, True):
        with pytest.raises(TypeError):
            Money(wrong, "EUR")
    for wrong in (1.5, True, "2"):
        with pytest.raises(TypeError):
            Money(Decimal(1), "EUR") * wrong
    for wrong in ("NaN", "Infinity", "-Infinity", "sNaN"):
        with pytest.raises(ValueError):
            Money(Decimal(wrong), "EUR")
    for wrong in ("eur", "EURO", "", "€", None):
        with pytest.raises(ValueError):
            Money(Decimal(1), wrong)
    with pytest.raises(TypeError):
        Money(Decimal(1), "EUR") + 1


def test_minor_units_follow_iso_4217():
    assert [digits(code) for code in ("EUR", "IRR", "JPY", "KRW", "ISK", "KWD", "TND", "CLF")] == [
        2,
        2,
        0,
        0,
        0,
        3,
        3,
        4,
    ]
    assert str(Money(Decimal("2.5"), "JPY")) == "3 JPY"
    assert str(Money(Decimal("-2.345"), "EUR")) == "-2.35 EUR"
    assert str(zero("EUR").rounded()) == "0.00 EUR"


@given(st.decimals(-(10**11), 10**11, places=6))
def test_canonical_figures_round_trip(number):
    assert parse_amount(f"{number:f}") == number


@pytest.mark.parametrize(
    "wrong",
    ["", " 1", "1 ", "+1", "1.", ".5", "1e3", "1E999999999", "NaN", "Infinity", "-", "--1", "1,5", "0x1",
     "1_0", "۱۲", "１２", "1.1234567", "1234567890123456789", "1234567890123.123456", "1\n", "-inf", 1.0, 0.5,
     True, None, 10**18, [], {}, b"1"],
)  # fmt: skip
def test_anything_but_a_canonical_figure_is_refused(wrong):
    with pytest.raises(Unreadable) as refusal:
        parse_amount(wrong)
    assert refusal.value.status == 400 and str(refusal.value)


def test_whole_json_numbers_are_accepted():
    assert parse_amount(12) == Decimal(12) and parse_quantity(-3) == Decimal(-3)


@given(st.integers(-(10**9), 10**9), st.integers(1, 5000))
def test_packs_convert_exactly_and_back(packs, factor):
    box, piece = Unit("box", factor=Decimal(factor), base="pcs"), Unit("pcs")
    pieces = Quantity(Decimal(packs), "box").converted(box, piece)
    assert pieces == Quantity(Decimal(packs * factor), "pcs")
    assert pieces.converted(piece, box) == Quantity(Decimal(packs), "box")


def test_seven_pieces_are_no_box():
    box, piece = Unit("box", factor=Decimal(12), base="pcs"), Unit("pcs")
    with pytest.raises(Uneven, match="box"):
        Quantity(Decimal(7), "pcs").converted(piece, box)
    with pytest.raises(ValueError):
        Quantity(Decimal(7), "pcs").converted(piece, Unit("kg"))
    assert str(Quantity(Decimal("2.500"), "kg")) == "2.5 kg"
    assert parse_quantity("2.500", Unit("kg", digits=3)) == Decimal("2.5")
    with pytest.raises(Uneven):
        parse_quantity("1.5", piece)
    with pytest.raises(ValueError):
        Quantity(Decimal(1), "kg") + Quantity(Decimal(1), "pcs")
    with pytest.raises(TypeError):
        Quantity(1.5, "kg")
