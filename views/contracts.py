"""Screens and API of contracts: entered with their lines, approved by somebody else, renewed by a successor."""

from datetime import timedelta

from flask import g, jsonify, request
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core.errors import BusinessError, Forbidden
from app.core.localized import format_money
from app.core.money import Money
from app.extensions import db
from app.reading import reader, today
from app.rules import contract_entry, contracts, documents, entry
from models.contracts import Contract
from models.customers import Customer
from views import contract_forms as forms
from views import threads
from views.api import HouseApi
from views.base import HouseView, Interface
from views.doors import body, done
from views.filters import Choice, Least, NumberOrOwner, OwnerWords, Refers, Since, Starts
from views.labels import label
from views.lines_doors import LinesDoors
from views.orders import OrderView
from views.related import links

LINE_COLUMNS = [
    "position",
    "sku",
    "name",
    "sale_type",
    "quantity",
    "months",
    "starts_on",
    "ends_on",
    "unit_price",
    "net",
]
SOON = {"30": _l("Within 30 days"), "60": _l("Within 60 days"), "90": _l("Within 90 days")}


class EndingSoon(Choice):
    """Active contracts whose term ends within some days."""

    def apply(self, query, model, value, session):
        last = today() + timedelta(days=int(value))
        return query.filter(model.state == "active", model.ends_on <= last)


class ContractView(LinesDoors, HouseView):
    datamodel = Interface(Contract)
    noun = "contract"
    flow = contracts.FLOW
    route_base = "/contracts"
    reports = ("contract",)
    list_title, add_title, edit_title = _l("Contracts"), _l("New contract"), _l("Change the contract")
    add_label = _l("New contract")
    order_columns = ("id", "number", "state", "created_at", "ends_on")
    list_columns = ["number", "title", "customer", "state", "starts_on", "ends_on", "total_net", "predecessor_number"]
    portal_columns = ["number", "title", "state", "starts_on", "ends_on", "total_net", "predecessor_number"]
    internal = frozenset({"customer", "customer_name", "branch", "submitted_by"})
    add_columns = edit_columns = ["title", "terms"]
    method_permission_name = HouseView.method_permission_name | {
        "totals": "write",
        "price": "write",
        "find_products": "write",
    }
    facts = (
        (None, ["title", "customer", "starts_on", "months", "ends_on", "submitted_at", "approved_at", "terminated_on"]),
        (_l("Terms"), ["terms"]),
    )
    portal_facts = (
        (None, ["title", "starts_on", "months", "ends_on", "approved_at", "terminated_on"]),
        (_l("Terms"), ["terms"]),
    )
    lines = ("lines", LINE_COLUMNS)
    quick = NumberOrOwner(Customer, title=_l("Contract number or customer"), alone=_l("Contract number"))
    filters = (
        Starts("number"),
        OwnerWords("customer_name", Customer, _l("Customer name")),
        Refers("customer", Customer, "/customers/choices"),
        EndingSoon("ending", SOON, _l("Ending soon")),
        Since("starts_from", "starts_on", _l("Starts from")),
        Since("starts_until", "starts_on", _l("Starts until"), until=True),
        Since("ends_from", "ends_on", _l("Ends from")),
        Since("ends_until", "ends_on", _l("Ends until"), until=True),
        Least("least", "total_net", _l("Net from")),
        Least("most", "total_net", _l("Net up to"), most=True),
    )
    on_delete = staticmethod(documents.discard)

    def editable(self, row):
        if row.state != "draft":
            documents.refuse_closed()

    def next_step(self, row):
        approving = _("Somebody else approves or rejects the contract.")
        if self.outside:
            approving = _("We are looking at the contract.")
        steps = {"draft": _("Submit the contract."), "submitted": approving}
        if row.state == "active" and row.ends_on and row.ends_on <= today() + timedelta(days=60):
            if _successor(row) is not None:
                return _("The term ends soon. The contract has been renewed.")
            return _("The term ends soon. Renew the contract.") if not self.outside else _("The term ends soon.")
        return None if self.outside and row.state == "draft" else steps.get(row.state)

    def more(self, row, house):
        house.subtitle = row.title
        house.lines[0].title, house.lines[0].totals = _("Contract lines"), [(label("total_net"), money(row))]
        if row.state == "draft" and self.may("delete"):
            house.delete_url = self.url("delete", pk=row.id)
        items = house.facts[0]["items"]
        if row.predecessor_id:
            items.append(
                (_("Renewed contract"), (row.predecessor_number, self.url("show", pk=row.predecessor_id)), "link")
            )
        later = _successor(row)
        if later is not None:
            items.append((_("Renewed by"), (str(later), self.url("show", pk=later.id)), "link"))
        threads.attached(row, "contract", house)
        links(row, house)
        threads.notes(row, "contract", house)

    # --- head and lines on one screen ----------------------------------------------------------

    @expose("/add", methods=["GET"])
    @has_access
    def add(self):
        wanted = request.args.get("customer", "")
        customer = db.session.get(Customer, int(wanted)) if wanted.isdecimal() and len(wanted) < 19 else None
        begun = {"customer": customer, "currency": customer.currency if customer else None, "months": 12}
        return forms.page(self, None, forms.AddForm(data=begun))

    @expose("/edit/<int:pk>", methods=["GET"])
    @has_access
    def edit(self, pk):
        row = self.row(pk)
        try:
            self.editable(row)
        except BusinessError as error:
            return self._refused(error, self.url("show", pk=pk))
        return forms.page(self, row, forms.head_of(row))

    @expose("/save", methods=["POST"])
    @has_access
    def save_new(self):
        given = body()
        with g.work.doing("contract.create"):
            made = create(given, g.work)
            return done({"id": made.id, "url": self.url("show", pk=made.id)}, 201)

    @expose("/save/<int:pk>", methods=["POST"])
    @has_access
    def save(self, pk):
        row, given = self.row(pk), body()
        ContractApi.check_version(self, row, given)
        with g.work.doing("contract.edit"):
            update(row, given, g.work)
            if given.get("submit"):
                contracts.FLOW.run_one("submit", row)
            return done({"id": row.id, "url": self.url("show", pk=row.id)})

    def line(self, args):
        return forms.live(args, g.work)

    @expose("/totals", methods=["POST"])
    @has_access
    def totals(self):
        """Total of what is typed so far; nothing is kept."""
        given = {**{name: request.args[name] for name in ("customer", "currency") if request.args.get(name)}, **body()}
        try:
            with db.session.no_autoflush:
                made = forms.sketch(given, g.work)
                rows = [[str(label("total_net")), money(made)]]
        except BusinessError:
            rows = []
        db.session.rollback()
        return jsonify({"rows": rows})


def money(row):
    """The net of a contract's whole term."""
    return format_money(Money(row.total_net or 0, row.currency_code), reader())


def create(given, work):
    """A contract from JSON; contracts are offered by us, customers do not enter them."""
    if not work.actor.inside:
        raise Forbidden("not_permitted", _("You are not permitted to do this."))
    head = forms.head(given, ("customer", "submit"))
    customer = entry.customer_of(forms.customer_id(given), work)
    return contract_entry.create(work, customer, forms.lines(given) or (), submit=forms.flag(given, "submit"), **head)


def update(row, given, work):
    """The same for one that exists: its customer stays."""
    if not work.actor.inside:
        raise Forbidden("not_permitted", _("You are not permitted to do this."))
    contract_entry.change(row, work, lines=forms.lines(given), **forms.head(given, ("customer", "submit")))


class ContractApi(HouseApi):
    noun = "contract"
    model = Contract
    flow = contracts.FLOW
    resource_name = "contracts"
    reports = ("contract",)
    list_fields = (
        "id",
        "version",
        "number",
        "title",
        "state",
        "customer",
        "currency",
        "starts_on",
        "months",
        "ends_on",
        "total_net",
        "predecessor_number",
    )
    show_fields = ("terms", "predecessor", "submitted_at", "approved_at", "terminated_on", "created_at")
    portal_hidden = frozenset({"branch_id", "submitted_by", "created_by", "updated_by", "deleted_reason"})
    line_fields = ("id", "sku", "name", "quantity", "unit_price", "months", "starts_on", "ends_on", "sale_type", "net")
    order_columns = ContractView.order_columns
    filter_columns = (
        "id",
        "number",
        "title",
        "state",
        "customer",
        "starts_on",
        "ends_on",
        "total_net",
        "currency_code",
        "predecessor",
        "created_at",
        "customer_name",
    )
    word_filters = {"customer_name": OwnerWords("customer_name", Customer)}
    create_fields = write_fields = ("customer", "title", "currency", "starts_on", "months", "terms", "lines", "submit")
    on_delete = staticmethod(documents.discard)

    def value(self, row, name):
        return row.currency_code if name == "currency" else super().value(row, name)

    def create(self, given, work):
        return create(given, work)

    def update(self, row, given, work):
        update(row, given, work)


def _successor(row):
    """The contract that renews this one, if any; a rejected one renews nothing."""
    return db.session.scalars(
        select(Contract)
        .where(Contract.predecessor_id == row.id, Contract.state != "rejected")
        .order_by(Contract.id.desc())
    ).first()


def on_order(view, row, house):
    """The contract an order was placed under."""
    if row.contract_id and g.work.actor.may("contract.read"):
        found = db.session.get(Contract, row.contract_id)
        if found is not None:
            house.facts[0]["items"].append((_("Contract"), (str(found), f"/contracts/show/{found.id}"), "link"))


OrderView.additions.append(on_order)


def register(appbuilder):
    appbuilder.add_view(ContractView, "contracts", label=_l("Contracts"), icon="fa-file-signature", category="Sales",
                        category_label=_l("Sales"))  # fmt: skip
    appbuilder.add_api(ContractApi)
