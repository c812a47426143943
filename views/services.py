"""Screens and API of services: their names, their definition, their versions (CRT-09)."""

from types import SimpleNamespace

from flask import abort, g, jsonify
from flask_appbuilder.api import expose as api_expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from app.core.errors import BusinessError, NotFound
from app.core.localized import format_datetime, format_number, pick
from app.extensions import db
from app.reading import locale, reader
from app.rules import services
from models.products import Product
from models.services import Service, ServiceVersion
from views import threads, wire
from views.api import HouseApi
from views.base import VERBS, HouseView, Interface
from views.doors import door
from views.sections import line, table
from views.service_designer import Designer

CREATED = ("code", "names", "descriptions", "product", "order_type", "currency")


class ServiceView(Designer, HouseView):
    datamodel = Interface(Service)
    noun = "service"
    flow = services.FLOW
    route_base = "/services"
    list_title, add_title, edit_title = _l("Services"), _l("New service"), _l("Change the service")
    add_label = _l("New service")
    list_columns = ["code", "names", "state", "product", "currency", "updated_at"]
    portal_columns = ["names", "descriptions"]
    add_columns = edit_columns = [*CREATED]
    required_columns = ("currency",)
    facts = ((None, ["code", "names", "product", "order_type", "currency", "updated_at", "descriptions"]),)
    portal_facts = ((None, ["names", "descriptions"]),)
    internal = frozenset({"product", "order_type", "draft", "published_id", "code"})
    on_save = staticmethod(services.check)
    on_delete = staticmethod(services.remove)
    method_permission_name = {**VERBS, "design": "write", "node": "write", "price": "write", "move": "write",
                              "drop": "write", "preview": "write", "sketch": "write"}  # fmt: skip
    include_route_methods = {"list", "show", "add", "edit", "delete", "choices", "export", "step", "action_post",
                             "design", "node", "price", "move", "drop", "preview", "sketch"}  # fmt: skip

    def query(self):
        return offered(super().query())

    def row(self, pk):
        found = super().row(pk)
        return found if found.product is not None else abort(404)

    def more(self, row, house):
        house.number, house.subtitle = pick(row.names, locale()), None if self.outside else row.code
        if g.work.actor.may("wizard_draft.write") and row.state == "published":
            house.links.append(SimpleNamespace(label=_("Order this service"), icon="fa-cart-plus",
                                               url=f"/wizard_drafts/add?service={row.id}"))  # fmt: skip
        if self.outside:
            house.history = house.state = None
            return
        if self.may("write"):
            url = self.url("design", pk=row.id)
            house.links.append(SimpleNamespace(label=_("Design"), url=url, icon="fa-pen-ruler"))
        if row.published_id is None and self.may("delete"):
            house.delete_url = self.url("delete", pk=row.id)
        house.sections.append(self._versions(row))

    def _versions(self, row):
        names = threads.authors([one.created_by for one in row.versions])
        rows = [
            line(format_number(one.number, reader()), format_datetime(one.created_at, reader()),
                 names.get(one.created_by) or _("System"))
            for one in row.versions
        ]  # fmt: skip
        heads = [(_("Version"), "num"), (_("Published at"), "date"), _("Published by")]
        return table("versions", _("Versions"), heads, rows, empty=_("Nothing has been published yet"))

    def next_step(self, row):
        if self.outside:
            return None
        try:
            services.sound(row, g.work)
        except BusinessError:
            return _("Design the steps, the price and the work stages, then publish the service.")
        return _("Publish the service to offer it to customers.") if row.state != "published" else None


def offered(query):
    """Services whose product the reader may find: an access group's narrowing holds for them too."""
    return query if g.work.actor.inside else query.filter(Service.product_id.in_(select(Product.id)))


class ServiceApi(HouseApi):
    """Services over REST; `definition` is the published version's, `draft` what is being worked on."""

    noun = "service"
    model = Service
    flow = services.FLOW
    resource_name = "services"
    list_fields = ("id", "version", "code", "names", "state", "descriptions", "currency", "product", "order_type")
    show_fields = ("number", "definition", "draft")
    portal_hidden = frozenset({"draft", "product", "order_type", "published_id", "created_by", "updated_by"})
    filter_columns = ("id", "code", "state")
    create_fields = write_fields = (*CREATED, "draft")
    on_save = staticmethod(services.check)
    on_delete = staticmethod(services.remove)

    def query(self):
        return offered(super().query())

    def loaded(self):
        return [name for name in self.fields(self.list_fields) if name != "currency"] + ["currency_code"]

    def value(self, row, name):
        if name == "currency":
            return row.currency_code
        if name in ("number", "definition"):
            version = services.current_version(row, g.work)
            return getattr(version, name) if version is not None else None
        return super().value(row, name)

    def fill(self, row, given, allowed):
        definition = given.pop("draft", None)
        super().fill(row, given, allowed)
        if definition is not None:
            row.draft = services.design.clean(definition)

    @api_expose("/<int:pk>/versions/<int:number>", methods=["GET"])
    @door("read")
    def published(self, pk, number):
        """A version as it was published."""
        row = self.find(pk)
        wanted = db.session.query(ServiceVersion).filter_by(service_id=row.id, number=min(number, 2**31 - 1))
        found = wanted.one_or_none()
        if found is None:
            raise NotFound("not_found", _("There is no such record."))
        return jsonify({"id": row.id, "result": {
            "number": found.number, "names": found.names, "currency": found.currency_code,
            "published_at": wire.out(found, "created_at"), "definition": found.definition,
        }})  # fmt: skip


def register(appbuilder):
    appbuilder.add_view(ServiceView, "services", label=_l("Services"), icon="fa-wand-magic-sparkles",
                        category="Catalogue", category_label=_l("Catalogue"),
                        menu_cond=lambda: g.work.actor.inside)  # fmt: skip
    appbuilder.add_api(ServiceApi)
