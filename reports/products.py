"""The list of products a search has found."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import pgettext as _p

from app.core.localized import pick
from models.base import HOUSE_BRANCH
from models.organisation import Branch
from reports import parts
from reports.core import Code, Document, Said, Table, report


@report("product_list", title=_l("Products"), locale_of=lambda found: found.locale, noun="products")
def product_list(found):
    """The products a search has found (CAT-09), named in the language of whoever searched.

    :param found: `parts.Found` with products
    """
    branch, language = parts.session().get(Branch, HOUSE_BRANCH), parts.locale()
    rows = tuple(
        (
            Code(one.sku),
            pick(one.names, language) or one.sku,
            parts.named(one.category) or None,
            one.brand or None,
            pick(one.unit.symbols, language),
            Said(_p("product", "Active") if one.active else _("Archived")),
        )
        for one in found.rows
    )
    return Document(
        title=_("Products"),
        number="",
        facts=parts.facts((_("Search"), found.keyword), (_("Records"), len(rows))),
        tables=(
            Table(
                columns=(_("SKU"), _("Product"), _("Category"), _("Brand"), _("Unit"), _("Status")),
                rows=rows,
            ),
        ),
        seller=parts.seller(branch),
        logo=branch.logo,
    )
