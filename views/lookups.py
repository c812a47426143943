"""Small reference data for select boxes: currencies, countries, units, delivery methods."""

from flask import jsonify, request
from flask_appbuilder import BaseView, expose, has_access
from sqlalchemy import select

from app.core.localized import pick
from app.core.searchtext import fold
from app.extensions import db
from app.reading import locale
from models.orders import OrderType
from models.organisation import (
    Branch,
    Country,
    Currency,
    DeliveryMethod,
    PaymentMethod,
    PaymentTerms,
    TaxCategory,
    Unit,
)
from views.fields import ENDPOINTS

SHARED = {
    "currencies": Currency, "countries": Country, "units": Unit, "delivery_methods": DeliveryMethod,
    "payment_methods": PaymentMethod,
    "payment_terms": PaymentTerms, "tax_categories": TaxCategory, "order_types": OrderType, "branches": Branch,
}  # fmt: skip


class LookupView(BaseView):
    """Rows everybody may see, for select boxes."""

    route_base = ""
    class_permission_name = "Profile"
    method_permission_name = {"choices": "read"}

    @expose(f"/<any({', '.join(SHARED)}):noun>/choices")
    @has_access
    def choices(self, noun):
        model = SHARED[noun]
        statement = select(model).order_by(model.__mapper__.primary_key[0])
        if hasattr(model, "archived_at"):
            statement = statement.where(model.archived_at.is_(None))
        found = [_choice(row) for row in db.session.scalars(statement)]
        if request.args.get("id"):
            return jsonify([one for one in found if one["id"] == request.args["id"]])
        term = fold(request.args.get("term", ""))
        return jsonify([one for one in found if term in fold(f"{one['text']} {one['note']}")][:50])


def _choice(row):
    texts = getattr(row, "names", None) or getattr(row, "symbols", None)
    code = str(getattr(row, "code", None) or row)
    return {
        "id": str(getattr(row, "id", None) or row.code),
        "text": pick(texts, locale()) if texts else code,
        "note": code,
    }


def register(appbuilder):
    appbuilder.add_view_no_menu(LookupView)
    for noun, model in SHARED.items():
        ENDPOINTS.setdefault(model, f"/{noun}/choices")
