"""Who may find which products: what the restrictions of access groups leave of the catalogue (ACC-18, X-07).

This is no row security. It narrows lists, select boxes, search, order entry and REST of external users;
documents that were issued before keep their lines.
"""

from contextlib import nullcontext
from dataclasses import dataclass

from sqlalchemy import ARRAY, BigInteger, any_, false, literal, or_, select

from app.core import kept, scope
from app.core.work import Actor, current
from app.rules import masters
from models.people import Membership
from models.products import AccessRestriction, Category, Price, Product, ProductAudience, ProductPicture, UnitFactor


@dataclass(frozen=True)
class Findable:
    """What restricted access groups may find: categories with all below, and single products."""

    categories: frozenset[int]
    products: frozenset[int]
    tree: frozenset[int]  # the categories that may be shown, so that the way down to a product is whole


def findable(actor):
    """What the actor may find; None where nothing restricts him.

    Several access groups are a union, so one group without a restriction opens the whole catalogue.
    """
    if actor.kind != "external" or not actor.groups:
        return None
    work = current()
    key = ("findable", actor.groups)
    if key not in work.cache:
        rows = [one for one in kept.rows(work, AccessRestriction) if one.access_group_id in actor.groups]
        restricted = actor.groups == {one.access_group_id for one in rows}
        with scope.lifted(work, "restrictions are the house's own") if restricted else nullcontext():
            work.cache[key] = _findable(rows, work) if restricted else None
    return work.cache[key]


def _findable(rows, work):
    roots = {one.category_id for one in rows if one.category_id}
    lists = {one.price_list_id for one in rows if one.price_list_id}
    categories = masters.below(Category, roots, work) if roots else frozenset()
    products, homes = _listed(lists, work) if lists else (frozenset(), frozenset())
    return Findable(categories, products, masters.above(Category, categories | homes, work))


def _listed(price_lists, work):
    """The products of price lists, and the categories these are in."""
    statement = (
        select(Product.id, Product.category_id)
        .join(Price, Price.product_id == Product.id)
        .where(Price.price_list_id.in_(price_lists))
        .distinct()
    )
    rows = work.session.execute(statement).all()
    return frozenset(row.id for row in rows), frozenset(row.category_id for row in rows if row.category_id)


def _ids(found):
    return any_(literal(sorted(found), ARRAY(BigInteger)))


@scope.narrow(Product)
def visible_to(actor):
    """The criterion of the products that an external actor may find; None for all that are offered to him."""
    found = findable(actor)
    if found is None:
        return None
    parts = []
    if found.categories:
        parts.append(Product.category_id == _ids(found.categories))
    if found.products:
        parts.append(Product.id == _ids(found.products))
    return or_(false(), *parts)


@scope.narrow(Category)
def visible_categories(actor):
    """The criterion of the categories that an external actor may find: those of his products and above them."""
    found = findable(actor)
    return None if found is None else Category.id == _ids(found.tree)


@scope.narrow(Price)
def visible_prices(actor):
    """The criterion of prices: never that of a product the actor may not find."""
    return Price.product_id.in_(_offered(actor))


def _offered(actor):
    """The ids of the products that are offered to an external actor and that he may find, as a query."""
    named = or_(ProductAudience.customer_id == _ids(actor.customers),
                ProductAudience.access_group_id == _ids(actor.groups))  # fmt: skip
    offered = or_(Product.everyone, Product.id.in_(select(ProductAudience.record_id).where(named)))
    statement, found = select(Product.id).where(offered), visible_to(actor)
    return statement if found is None else statement.where(found)


def offered_to(customer_id, product_ids, work):
    """Which of some products a customer is offered: what the one who asks may find, else any of the customer's people.

    :returns: ids of products
    """
    with scope.lifted(work, "what a customer is offered is the house's to say"):
        actor = work.actor if work.actor.kind == "external" else _anybody_of(customer_id, work)
        return frozenset(work.session.scalars(_offered(actor).where(masters.among(Product.id, product_ids))))


def _anybody_of(customer_id, work):
    """All people of a customer as one."""
    groups = work.session.scalars(
        select(Membership.access_group_id).where(
            Membership.customer_id == customer_id, Membership.access_group_id.is_not(None)
        )
    )
    return Actor("", kind="external", customers=frozenset({customer_id}), groups=frozenset(groups))


@scope.narrow(UnitFactor)
def visible_factors(actor):
    """The criterion of unit factors: never that of a product the actor may not find."""
    found = visible_to(actor)
    return None if found is None else UnitFactor.product_id.in_(select(Product.id).where(found))


@scope.narrow(ProductPicture)
def visible_pictures(actor):
    """The criterion of pictures: never that of a product the actor may not find."""
    found = visible_to(actor)
    return None if found is None else ProductPicture.product_id.in_(select(Product.id).where(found))
