"""To whom a file, product or price list is offered: a section of its page and what its buttons do."""

from flask import g, request
from flask_appbuilder import expose, has_access
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Form

from app.rules import audiences
from models.customers import Customer
from models.people import AccessGroup
from views.fields import ReferenceField
from views.sections import button, line, table


class AudienceForm(Form):
    """One more to whom it is offered."""

    offer_customer = ReferenceField(_l("Customer"), target=Customer, endpoint="/customers/choices")
    offer_group = ReferenceField(_l("Access group"), target=AccessGroup, endpoint="/access_groups/choices")


class Offering:
    """What a screen needs whose records are offered to some only."""

    def audience(self, row):
        """The section that says and changes who may see the record."""
        named = [(one, one.customer if one.customer_id else one.access_group) for one in row.audiences]
        rows = [
            line(
                whom.name,
                _("Customer") if one.customer_id else _("Access group"),
                buttons=(button(_("Withdraw"), self.url("withdraw", pk=row.id, audience=one.id), "fa-trash", post=True,
                                danger=True, ask=_("No longer offer it to them?")) if self.may("write") else None,),
            )
            for one, whom in named if whom is not None  # customers may be gone, or another branch's
        ]  # fmt: skip
        buttons = ()
        if not row.everyone and self.may("write"):
            buttons = (button(_("Offer to everyone"), self.url("offer", pk=row.id, everyone=1), "fa-users", post=True,
                              ask=_("From now on every customer can see it.")),)  # fmt: skip
        form = (self.url("offer", pk=row.id), AudienceForm(), _("Offer")) if self.may("write") else None
        said = _("It is offered to every customer.") if row.everyone else None
        columns = (_("Offered to"), _("Kind"))
        return table("audience", _("Who sees it"), columns, rows, buttons=buttons, form=form, empty=said)

    @expose("/offer/<int:pk>", methods=["POST"])
    @has_access
    def offer(self, pk):
        """Offer the record to everyone, or to one customer or access group more."""
        row = self.row(pk)
        form = AudienceForm(request.form)
        form.validate()
        customer, group = form.offer_customer.data, form.offer_group.data

        def change():
            if request.args.get("everyone"):
                audiences.offer(row, (), (), True, g.work)
            else:
                audiences.add(row, customer and customer.id, group and group.id, g.work)

        return self.changed(row, "offer", change, anchor="audience")

    @expose("/withdraw/<int:pk>/<int:audience>", methods=["POST"])
    @has_access
    def withdraw(self, pk, audience):
        """Offer the record to one customer or access group less."""
        row = self.row(pk)
        return self.changed(row, "offer", lambda: audiences.withdraw(row, audience, g.work), anchor="audience")
