"""Entering a contract: its head and its lines in one go; a refused row keeps all others."""

from decimal import Decimal

from flask_babel import lazy_gettext as _l

from app.core.errors import BusinessError
from app.core.localized import pick
from app.rules import contracts, customer_branches, documents, pricing, products
from models.contracts import Contract, ContractLine

LINES_AT_MOST = 500
HEAD = ("title", "currency_code", "starts_on", "months", "terms")


def create(work, customer, lines=(), submit=False, **head):
    """A draft contract of a customer with its lines, submitted at once when asked.

    :param lines: [{"sku", "quantity", "unit_price"?, "months"?, "starts_on"?, "sale_type"?}]; without a price
        the customer's own applies
    :param head: title, currency_code, starts_on (today by default), months (12 by default), terms
    :raises BusinessError: 'title_missing', 'lines_refused' with `lines`, and what `contracts.check` refuses
    """
    branch = customer_branches.of(customer, work)
    contract = Contract(customer_id=customer.id, branch_id=branch, locale=customer.language)
    contract.currency_code = customer.currency_code
    contract.terms = ""
    write(contract, customer, work, lines, **head)
    work.session.add(contract)
    work.session.flush()
    if submit:
        contracts.FLOW.run_one("submit", contract)
    return contract


def change(contract, work, lines=None, **head):
    """Change a draft: what is not named stays; lines that are named by their id keep their identity."""
    write(contract, contract.customer, work, lines, **head)
    contract.updated_at = work.now  # whoever looked at the contract before, looked at its lines too
    work.session.flush()


def write(contract, customer, work, lines, **head):
    """Put head and lines into a contract; nothing changes when a row is refused."""
    with work.session.no_autoflush:
        _write(contract, customer, work, lines, head)


def _write(contract, customer, work, lines, head):
    if contract.id is not None and contracts.FLOW.state(contract) != "draft":
        documents.refuse_closed()
    before = contract.starts_on
    for name, value in head.items():
        if value is not None and name in HEAD:
            setattr(contract, name, value)
    contract.title = (contract.title or "").strip()
    if not contract.title:
        raise BusinessError("title_missing", _l("Give a title."), field="title")
    if lines is not None:
        _set_lines(contract, customer, list(lines), work)
    for line in contract.lines:  # lines that began with the contract still do
        line.starts_on = contract.starts_on if line.starts_on in (None, before) else line.starts_on
    contracts.check(contract, work)


def _set_lines(contract, customer, wanted, work):
    if len(wanted) > LINES_AT_MOST:
        raise BusinessError("too_many_lines", _l("A contract has at most %(count)s lines.", count=LINES_AT_MOST))
    found = products.find_all([row["sku"] for row in wanted], work)
    ids = [product.id for product in found.values()]
    ones = dict.fromkeys(ids, Decimal(1))
    prices = pricing.quote(ids, customer, contract.currency_code, None, ones, work) if ids else {}
    known = {line.id: line for line in contract.lines if line.id is not None}
    refused, rows = [], []
    for index, row in enumerate(wanted):
        try:
            rows.append(_checked(row, found, prices, known))
        except BusinessError as error:
            refused.append({"index": index, "error": error.code, "message": str(error.message)})
    if refused:
        text = _l("Some lines were refused. Nothing has been saved yet.")
        raise BusinessError("lines_refused", text, lines=refused)
    contract.lines[:] = [_filled(contract, *row) for row in rows]


def _checked(row, found, prices, known):
    product = found.get(row["sku"].strip().upper())
    line = known.get(row.get("id"))
    if product is None:
        raise BusinessError("unknown_product", _l("There is no product %(sku)s.", sku=row["sku"]))
    if line is None:
        products.check_sellable(product)
    if row.get("id") and line is None:
        raise BusinessError("unknown_line", _l("This line is not part of the contract any more."))
    if row["quantity"] <= 0:
        raise BusinessError("bad_quantity", _l("A quantity is greater than zero."))
    price = row.get("unit_price")
    if price is None:
        price = prices[product.id]
        if isinstance(price, BusinessError):
            raise price
        price = price.unit_price
    if price < 0:
        raise BusinessError("bad_price", _l("A price is not negative."))
    months = row.get("months")
    if months is not None and not 1 <= months <= contracts.LONGEST:
        raise BusinessError("bad_term", _l("A term is between 1 and %(most)s months.", most=contracts.LONGEST))
    return line, product, row, price


def _filled(contract, line, product, row, price):
    line = line or ContractLine(customer_id=contract.customer_id)
    if line.product_id != product.id:
        line.product_id, line.sku = product.id, product.sku
        line.name = pick(product.names, contract.locale or "en")[:300]
    line.quantity, line.unit_price = row["quantity"], price
    line.months = row.get("months") or contract.months or 12
    line.sale_type = row.get("sale_type") or line.sale_type or "purchase"
    line.starts_on = row.get("starts_on") or line.starts_on
    return line
