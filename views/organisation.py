"""Screens of our own house: branches, currencies, taxes, terms, number series, portals, approval rules."""

from types import SimpleNamespace
from zoneinfo import available_timezones

from flask import abort, request
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import inspect
from wtforms import BooleanField, FileField, SelectField
from wtforms.validators import Optional

from app.core.errors import BusinessError
from app.core.needed import Needed
from app.core.numbering import NumberSeries
from app.extensions import db
from app.rules import approvals, wording
from app.rules import organisation as rules
from models.approvals import ApprovalRule
from models.orders import OrderType
from models.organisation import (
    Branch,
    Country,
    Currency,
    DeliveryMethod,
    ExchangeRate,
    PaymentMethod,
    PaymentTerms,
    Portal,
    TaxCategory,
    TaxRate,
    Unit,
)
from reports import pictures
from views.base import HouseView, Interface
from views.fields import HouseForm, ReferenceField, form_for, options
from views.filters import Flag

NEEDED = _l("Fill in this field.")
READ = {"list", "show", "export", "action_post"}
KEPT = READ | {"add", "edit", "delete"}
ARCHIVED = Flag("archived", _l("Archived"), "archived_at")


class KeyReference(ReferenceField):
    """A record whose key is written into a plain column."""

    def populate_obj(self, obj, name):
        setattr(obj, name, inspect(self.data).identity[0] if self.data is not None else None)


class LogoField(FileField):
    """A picture; looked at and kept by the screen, never written as it came."""

    def populate_obj(self, obj, name):
        """The screen checks the picture first."""


def refers(title, target, endpoint, needed=True):
    """A field for a column that holds the key of another record."""
    return lambda: KeyReference(
        title, [Needed(NEEDED)] if needed else [Optional()], target=target, endpoint=endpoint
    )


def one_of(title, words, default=None):
    """A field for a coded column."""
    return lambda: SelectField(title, choices=options(words), default=default)


def form(model, names, **special):
    """A form of a model's columns in this order, some of them with a field of their own."""
    fields = {name: special[name]() if name in special else getattr(form_for(model, [name]), name) for name in names}
    return type(f"{model.__name__}Form", (HouseForm,), fields)


COUNTRY, CURRENCY = (
    refers(_l("Country"), Country, "/countries/choices"),
    refers(_l("Currency"), Currency, "/currencies/choices"),
)
ZONE = one_of(_l("Time zone"), {name: name for name in sorted(available_timezones())}, "UTC")


class OfficeView(HouseView):
    """A short table of the house; deleting archives what documents refer to."""

    include_route_methods = KEPT
    on_delete = staticmethod(rules.remove)
    page_size = 100

    def more(self, row, house):
        if self.may("delete") and "delete" in self.include_route_methods:
            house.delete_url = self.url("delete", pk=row.id)


class CodedView(OfficeView):
    """A table known by its codes; all of it on one page."""

    page_size = 500
    base_order = ("id", "asc")
    include_route_methods = READ

    def row(self, pk):
        return db.session.get(self.model, str(pk)[:8]) or abort(404)

    @expose("/show/<string:pk>", methods=["GET"])
    @has_access
    def show(self, pk):
        return HouseView.show.__wrapped__(self, pk)

    @expose("/edit/<string:pk>", methods=["GET", "POST"])
    @has_access
    def edit(self, pk):
        return HouseView.edit.__wrapped__(self, pk)


class BranchView(OfficeView):
    datamodel = Interface(Branch)
    noun = "branch"
    route_base = "/branches"
    list_title, add_title, edit_title = _l("Branches"), _l("New branch"), _l("Edit the branch")
    list_columns = ["name", "parent", "legal_name", "country_code", "currency_code", "timezone", "archived_at"]
    add_columns = edit_columns = [
        "name", "other_names", "parent", "legal_name", "address", "country_code", "tax_id", "registration", "bank",
        "email", "phone", "timezone", "currency_code", "logo", "no_logo",
    ]  # fmt: skip
    add_form = edit_form = form(
        Branch,
        add_columns,
        country_code=COUNTRY,
        currency_code=CURRENCY,
        timezone=ZONE,
        logo=lambda: LogoField(_l("Logo"), description=_l("PNG or JPEG, at most 2 MB; printed on documents.")),
        no_logo=lambda: BooleanField(_l("Remove the logo")),
    )
    facts = (
        (None, ["name", "other_names", "parent", "legal_name", "country_code", "tax_id", "registration",
                "currency_code", "timezone"]),
        (None, ["address", "bank", "email", "phone"]),
    )
    filters = (ARCHIVED,)
    on_save = staticmethod(rules.check_branch)

    def before_save(self, row, form):
        given = request.files.get("logo")
        data = given.read(pictures.MOST_BYTES + 1) if given else b""
        if form.no_logo.data:
            row.logo = None
        if data:
            try:
                pictures.checked(data)
            except ValueError:
                text = _("Choose a PNG or JPEG picture of at most 2 MB.")
                raise BusinessError("bad_picture", text, field="logo") from None
            row.logo = data

    def more(self, row, house):
        super().more(row, house)
        if row.logo:
            picture = Markup('<div class="card-body"><img src="{}" alt="{}" height="80"></div>')
            body = picture.format(pictures.for_html(row.logo), _("Logo"))
            house.sections.append(SimpleNamespace(id="logo", title=_("Logo"), body=body))


class CurrencyView(CodedView):
    datamodel = Interface(Currency)
    noun = "currency"
    route_base = "/currencies"
    list_title, add_title, edit_title = _l("Currencies"), _l("New currency"), _l("Edit the currency")
    list_columns = ["code", "digits", "active"]
    add_columns, edit_columns = ["code", "digits"], ["digits", "active"]
    facts = ((None, list_columns),)
    label_columns = {"digits": _l("Decimal places")}
    include_route_methods = READ | {"add", "edit"}
    on_save = staticmethod(rules.check_currency)


class CountryView(CodedView):
    datamodel = Interface(Country)
    noun = "country"
    route_base = "/countries"
    list_title, add_title, edit_title = _l("Countries"), _l("Countries"), _l("Countries")
    list_columns = ["code", "names"]
    add_columns = edit_columns = ["names"]
    facts = ((None, list_columns),)

    def may(self, verb):
        return verb == "read" and super().may(verb)


class UnitView(CodedView):
    datamodel = Interface(Unit)
    noun = "unit"
    route_base = "/units"
    list_title, add_title, edit_title = _l("Units"), _l("New unit"), _l("Edit the unit")
    list_columns = ["code", "symbols", "digits"]
    add_columns, edit_columns = ["code", "symbols", "digits"], ["symbols", "digits"]
    facts = ((None, list_columns),)
    label_columns = {"symbols": _l("Symbol"), "digits": _l("Decimal places")}
    include_route_methods = READ | {"add", "edit"}
    on_save = staticmethod(rules.check_unit)


class ExchangeRateView(OfficeView):
    datamodel = Interface(ExchangeRate)
    noun = "exchange_rate"
    route_base = "/exchange_rates"
    list_title, add_title, edit_title = _l("Exchange rates"), _l("New exchange rate"), _l("Edit the exchange rate")
    list_columns = ["currency_code", "base_code", "valid_on", "rate"]
    add_columns = edit_columns = ["currency_code", "base_code", "valid_on", "rate"]
    add_form = edit_form = form(ExchangeRate, add_columns, currency_code=CURRENCY,
                                base_code=refers(_l("Base currency"), Currency, "/currencies/choices"))  # fmt: skip
    facts = ((None, list_columns),)
    label_columns = {"base_code": _l("Base currency"), "rate": _l("Exchange rate")}
    on_save = staticmethod(rules.check_exchange_rate)


class TaxCategoryView(OfficeView):
    datamodel = Interface(TaxCategory)
    noun = "tax_category"
    route_base = "/tax_categories"
    list_title, add_title, edit_title = _l("Tax categories"), _l("New tax category"), _l("Edit the tax category")
    list_columns = ["code", "names", "archived_at"]
    add_columns = edit_columns = ["code", "names"]
    facts = ((None, list_columns),)
    lines = ("rates", ["country_code", "valid_on", "rate"])

    def more(self, row, house):
        super().more(row, house)
        for table in house.lines:
            table.title, table.more_url, table.more_label = _("Tax rates"), "/tax_rates/add", _("New tax rate")


class TaxRateView(OfficeView):
    datamodel = Interface(TaxRate)
    noun = "tax_rate"
    route_base = "/tax_rates"
    list_title, add_title, edit_title = _l("Tax rates"), _l("New tax rate"), _l("Edit the tax rate")
    list_columns = ["category", "country_code", "valid_on", "rate"]
    add_columns = edit_columns = ["category", "country_code", "valid_on", "rate"]
    add_form = edit_form = form(TaxRate, add_columns, country_code=COUNTRY)
    facts = ((None, list_columns),)
    label_columns = {"category": _l("Tax category"), "rate": _l("Tax rate")}


class PaymentTermsView(OfficeView):
    datamodel = Interface(PaymentTerms)
    noun = "payment_terms"
    route_base = "/payment_terms"
    list_title, add_title, edit_title = _l("Payment terms"), _l("New payment terms"), _l("Edit the payment terms")
    list_columns = ["code", "names", "days", "prepayment_percent", "archived_at"]
    add_columns = edit_columns = ["code", "names", "days", "prepayment_percent"]
    facts = ((None, list_columns),)
    label_columns = {"days": _l("Days until due"), "prepayment_percent": _l("Prepayment")}
    on_save = staticmethod(rules.check_terms)


class DeliveryMethodView(OfficeView):
    datamodel = Interface(DeliveryMethod)
    noun = "delivery_method"
    route_base = "/delivery_methods"
    list_title, add_title, edit_title = (
        _l("Delivery methods"),
        _l("New delivery method"),
        _l("Edit the delivery method"),
    )
    list_columns = ["code", "names", "archived_at"]
    add_columns = edit_columns = ["code", "names"]
    facts = ((None, list_columns),)


class PaymentMethodView(OfficeView):
    datamodel = Interface(PaymentMethod)
    noun = "payment_method"
    route_base = "/payment_methods"
    list_title, add_title, edit_title = _l("Payment methods"), _l("New payment method"), _l("Edit the payment method")
    list_columns = ["code", "names", "archived_at"]
    add_columns = edit_columns = ["code", "names"]
    facts = ((None, list_columns),)


class OrderTypeView(OfficeView):
    datamodel = Interface(OrderType)
    noun = "order_type"
    route_base = "/order_types"
    list_title, add_title, edit_title = _l("Order types"), _l("New order type"), _l("Edit the order type")
    list_columns = ["code", "names", "series", "number_mode", "confirmation", "delete_policy", "archived_at"]
    add_columns = edit_columns = ["code", "names", "series", "number_mode", "confirmation", "delete_policy",
                                  "prepayment_percent", "payment_terms_id"]  # fmt: skip
    add_form = edit_form = form(
        OrderType, add_columns, number_mode=one_of(_l("Numbering"), rules.NUMBER_MODES),
        confirmation=one_of(_l("Confirmation"), rules.CONFIRMATIONS),
        delete_policy=one_of(_l("Deleting"), rules.DELETE_POLICIES),
        payment_terms_id=refers(_l("Payment terms"), PaymentTerms, "/payment_terms/choices", needed=False),
    )  # fmt: skip
    facts = ((None, ["code", "names", "series", "number_mode", "confirmation", "delete_policy", "prepayment_percent"]),)
    label_columns = {"series": _l("Number series"), "number_mode": _l("Numbering"), "confirmation": _l("Confirmation"),
                     "delete_policy": _l("Deleting"), "prepayment_percent": _l("Prepayment")}  # fmt: skip
    on_save = staticmethod(rules.check_order_type)


class NumberSeriesView(OfficeView):
    datamodel = Interface(NumberSeries)
    noun = "number_series"
    route_base = "/number_series"
    list_title, add_title, edit_title = _l("Number series"), _l("New number series"), _l("Edit the number series")
    list_columns = ["code", "branch", "prefix", "yearly", "width"]
    add_columns, edit_columns = ["branch_id", "code", "prefix", "yearly", "width"], ["prefix", "yearly", "width"]
    add_form = form(NumberSeries, add_columns, branch_id=refers(_l("Branch"), Branch, "/branches/choices"))
    facts = ((None, list_columns),)
    label_columns = {"prefix": _l("Prefix"), "yearly": _l("Starts at 1 every year"), "width": _l("Running digits")}
    include_route_methods = READ | {"add", "edit"}
    on_save = staticmethod(rules.check_series)


class PortalSettingsView(OfficeView):
    datamodel = Interface(Portal)
    noun = "portal_settings"
    route_base = "/portals"
    list_title, add_title, edit_title = _l("Portals"), _l("New portal"), _l("Edit the portal")
    list_columns = ["code", "name", "preset", "address"]
    add_columns = edit_columns = ["code", "name", "preset", "address"]
    add_form = edit_form = form(Portal, add_columns, preset=one_of(_l("Wording"), rules.PRESETS))
    facts = ((None, list_columns),)
    label_columns = {"preset": _l("Wording")}
    include_route_methods = KEPT | {"choices"}
    on_save = staticmethod(wording.check_portal)
    additions = []  # (row, house): what screens of later nouns put on a portal's page

    def more(self, row, house):
        super().more(row, house)
        for add in self.additions:
            add(row, house)


class ApprovalRuleView(OfficeView):
    datamodel = Interface(ApprovalRule)
    noun = "approval_rule"
    route_base = "/approval_rules"
    list_title, add_title, edit_title = _l("Approval rules"), _l("New approval rule"), _l("Edit the approval rule")
    list_columns = ["name", "level", "over_amount", "currency_code", "new_customer", "over_credit", "archived_at"]
    add_columns = edit_columns = [
        "name",
        "texts",
        "level",
        "over_amount",
        "currency_code",
        "new_customer",
        "over_credit",
        "over_discount",
        "category",
        "branch",
    ]
    add_form = edit_form = form(
        ApprovalRule, add_columns, currency_code=refers(_l("Currency"), Currency, "/currencies/choices", needed=False)
    )
    facts = ((None, [*add_columns, "archived_at"]),)
    filters = (ARCHIVED,)
    label_columns = {"texts": _l("What the reader is told")}
    on_save = staticmethod(approvals.check_rule)


def register(appbuilder):
    screens = (
        (BranchView, "fa-building"),
        (CurrencyView, "fa-coins"),
        (ExchangeRateView, "fa-arrow-right-arrow-left"),
        (CountryView, "fa-globe"),
        (UnitView, "fa-ruler"),
        (TaxCategoryView, "fa-percent"),
        (TaxRateView, "fa-percent"),
        (PaymentTermsView, "fa-calendar-day"),
        (DeliveryMethodView, "fa-truck"),
        (PaymentMethodView, "fa-credit-card"),
        (OrderTypeView, "fa-clipboard-list"),
        (NumberSeriesView, "fa-hashtag"),
        (PortalSettingsView, "fa-door-open"),
        (ApprovalRuleView, "fa-scale-balanced"),
    )
    for view, icon in screens:
        appbuilder.add_view(
            view,
            view.route_base.strip("/"),
            label=view.list_title,
            icon=icon,
            category="Administration",
            category_label=_l("Administration"),
        )
