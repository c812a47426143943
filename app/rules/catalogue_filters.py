"""Narrowing the catalogue by what a customer asks for: what is in stock, what costs so much."""

from sqlalchemy import func, select

from models.products import Price, PriceList, Product


def stocked(customer):
    """The criterion of goods that are in stock where the customer's orders are taken from; services always are."""
    return Product.service | Product.id.in_(select(func.stocked_products(customer.branch_id)))


def priced(customer, least=None, most=None):
    """The criterion of products that some price list offers the customer between two prices, in his currency.

    It finds too many, never too few: which of several prices applies is known only when one is asked for.
    """
    wanted = select(Price.product_id).join(PriceList, PriceList.id == Price.price_list_id)
    wanted = wanted.where(PriceList.currency_code == customer.currency_code, PriceList.archived_at.is_(None))
    if least is not None:
        wanted = wanted.where(Price.unit_price >= least)
    if most is not None:
        wanted = wanted.where(Price.unit_price <= most)
    return Product.id.in_(wanted)
