"""Documents as they were issued: found again and handed out, byte for byte, for staff and for the customer."""

from types import SimpleNamespace

from flask import Response, abort, g, request
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp

from app.core.errors import NotFound
from app.core.facts import model_of
from app.core.localized import LOCALES
from app.core.scope import rows_of
from app.rules import about, documents
from config import LANGUAGES
from models.customers import Customer
from models.documents import IssuedDocument
from reports.core import FORMATS, REPORTS
from views.api import HouseApi
from views.attachments import size_text
from views.base import VERBS, HouseView, Interface
from views.doors import door
from views.filters import Choice, Filter, OwnerWords, Refers, Since, Starts
from views.labels import label
from views.listing import Listing

NOUNS = rows_of(IssuedDocument).about
LANGUAGE_NAMES = {code: LANGUAGES[code]["name"] for code in LOCALES}


def readable(query):
    """Documents of records the actor may read."""
    known = about.readable(IssuedDocument, g.work.actor)
    return query if known is None else query.filter(known)


def handed_out(row):
    """The answer with the bytes of a document."""
    try:
        name, media, data = documents.read(row)
    except FileNotFoundError:
        raise NotFound("not_found", _("There is no such document.")) from None
    shown = "inline" if media == "application/pdf" else "attachment"
    answer = Response(data, mimetype=media, headers={"Content-Disposition": f'{shown}; filename="{name}"'})
    answer.headers["Content-Length"] = str(len(data))
    answer.headers["ETag"] = f'"{row.sha256}"'
    answer.headers["Cache-Control"] = "private, max-age=3600"
    return answer


class Report(Filter):
    """One kind of document."""

    def field(self):
        names = {name: one.title for name, one in REPORTS.items() if one.noun.rstrip("s") in NOUNS}
        return Choice(self.name, names, self.title).field()

    def said(self, value, session, reader):
        return str(REPORTS[value].title)

    def read(self, text, reader):
        if text not in REPORTS:
            raise ValueError(text)
        return text


class DocumentListing(Listing):
    """Issued documents with their kind in words; the first cell opens the file."""

    def _row(self, row, names):
        found = super()._row(row, names)
        if "report" in names:
            found.cells[names.index("report")] = str(title(row))
        if "format" in names:
            found.cells[names.index("format")] = row.format.upper()
        if "size" in names:
            found.cells[names.index("size")] = size_text(row.size)
        return found


def title(row):
    """What kind of document it is."""
    return REPORTS[row.report].title if row.report in REPORTS else row.report


class DocumentView(HouseView):
    datamodel = Interface(IssuedDocument)
    noun = "document"
    route_base = "/documents"
    list_title = _l("Documents")
    list_columns = ["number", "report", "format", "locale", "created_at", "size"]
    exclude_route_methods = HouseView.exclude_route_methods | {"add", "edit", "delete"}
    add_columns = edit_columns = ["number"]
    label_columns = {
        "created_at": _l("Issued at"),
        "translation": _l("Translation"),
        "sha256": _l("Fingerprint (SHA-256)"),
        "name": _l("File name"),
    }
    internal = frozenset({"customer", "customer_name", "template_version", "sha256"})
    method_permission_name = VERBS | {"fetch": "read"}
    facts = ((None, ["number", "report", "name", "format", "locale", "translation", "created_at", "size", "sha256"]),)
    quick = Starts("number", _l("Document number"))
    filters = (
        Report("report"), Choice("format", {one: one.upper() for one in FORMATS}), Choice("locale", LANGUAGE_NAMES),
        Refers("customer", Customer, "/customers/choices"), OwnerWords("customer_name", Customer, _l("Customer name")),
        Since("from", "created_at", _l("Issued from")), Since("until", "created_at", _l("Issued until"), until=True),
    )  # fmt: skip

    def query(self):
        return readable(super().query())

    def row(self, pk):
        found = super().row(pk)
        return found if g.work.actor.may(f"{found.noun}.read") else abort(404)

    def listing(self, args):
        return DocumentListing(self, args)

    @expose("/list/")
    @has_access
    def list(self):
        house = self.listing(request.args).house()
        house.empty_text = _("A document is kept here when it is issued.")
        return self.render_template("house/list.html", title=self.list_title, house=house, widgets={})

    def editable(self, row):
        documents.refuse_closed()

    def more(self, row, house):
        house.number, house.subtitle = row.number, str(title(row))
        said = {str(label(name)): text for name, text in (
            ("report", str(title(row))), ("format", row.format.upper()), ("size", size_text(row.size)))}  # fmt: skip
        shown = [(name, said.get(str(name), value), kind) for name, value, kind in house.facts[0]["items"]]
        house.facts[0]["items"] = shown
        house.links.append(SimpleNamespace(label=_("Download"), url=self.url("fetch", pk=row.id), icon="fa-download"))
        if model_of(row.noun) is not None:
            url = f"/{row.noun}s/show/{row.record_id}"
            house.links.append(
                SimpleNamespace(label=_("What it documents"), url=url, icon="fa-arrow-up-right-from-square")
            )

    @expose("/fetch/<int:pk>")
    @has_access
    def fetch(self, pk):
        """The bytes as they were issued."""
        return handed_out(self.row(pk))


class DocumentApi(HouseApi):
    noun = "document"
    model = IssuedDocument
    resource_name = "documents"
    list_fields = ("id", "version", "number", "noun", "record_id", "report", "format", "locale", "translation", "name",
                   "media_type", "size", "sha256", "created_at")  # fmt: skip
    filter_columns = ("id", "number", "noun", "record_id", "report", "format", "locale", "created_at")

    def query(self):
        return readable(super().query())

    @expose("/<int:pk>/content", methods=["GET"])
    @door("read")
    def content(self, pk):
        """The bytes as they were issued."""
        return handed_out(self.find(pk))


def register(appbuilder):
    appbuilder.add_view(DocumentView, "documents", label=_l("Documents"), icon="fa-file-pdf", category="Billing",
                        category_label=_lp("menu", "Billing"))  # fmt: skip
    appbuilder.add_api(DocumentApi)
