"""Price lists: in one currency, for a time, for everyone or for those who are named (CAT-05)."""

from flask_babel import lazy_gettext as _l
from sqlalchemy import delete, func, select

from app.core.errors import BusinessError
from app.rules import masters
from app.rules.pricing import local_day
from models.base import HOUSE_BRANCH
from models.organisation import Branch
from models.products import Price, PriceList, PriceListAudience

PARTS = (Price.__tablename__, PriceListAudience.__tablename__)


def check(price_list, work):
    """What a price list must be before it is saved; without a first day it holds from today on.

    :raises BusinessError: naming the field: 'name_missing', 'name_taken', 'currency_unknown', 'bad_term',
        'currency_in_use'
    """
    with work.session.no_autoflush:
        price_list.name = " ".join((price_list.name or "").split())
        if not price_list.name:
            raise BusinessError("name_missing", _l("Give a name."), field="name")
        other = work.session.scalar(select(PriceList.id).where(func.lower(PriceList.name) == price_list.name.lower()))
        if other is not None and other != price_list.id:
            raise BusinessError("name_taken", _l("There is a price list of this name already."), field="name")
        _check_currency(price_list, work)
        if price_list.valid_from is None:
            price_list.valid_from = local_day(work, work.session.get(Branch, HOUSE_BRANCH))
        if price_list.valid_until is not None and price_list.valid_until < price_list.valid_from:
            raise BusinessError("bad_term", _l("The last day lies before the first."), field="valid_until")


def _check_currency(price_list, work):
    currency = masters.related(price_list, "currency", work)
    if currency is None or not currency.active:
        raise BusinessError("currency_unknown", _l("Choose a currency that is in use."), field="currency")
    if price_list.id is None:
        return
    before = work.session.scalar(select(PriceList.currency_code).where(PriceList.id == price_list.id))
    priced = select(Price.id).filter_by(price_list_id=price_list.id).limit(1)
    if before != currency.code and work.session.scalar(priced):
        text = _l("This price list has prices, so its currency can no longer change.")
        raise BusinessError("currency_in_use", text, field="currency")


def remove(price_list, work):
    """Delete a price list that nothing else refers to, with its prices; archive any other (X-44)."""
    return masters.remove(price_list, work, PARTS, drop_parts=_drop_prices)


def _drop_prices(price_list, work):
    statement = delete(Price).where(Price.price_list_id == price_list.id)
    work.session.execute(statement, execution_options={"with_deleted": True, "synchronize_session": False})
    work.session.refresh(price_list, ["prices", "audiences"])
