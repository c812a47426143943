"""The doors of a negotiation: the pages to propose and to answer, and the proposals of an order over REST."""

from flask import abort, flash, g, jsonify, redirect, render_template, request
from flask_appbuilder import expose, has_access
from flask_appbuilder.api import expose as expose_api
from flask_babel import gettext as _

from app.core.errors import BusinessError
from app.extensions import db
from app.rules import order_proposals as rules
from app.rules import proposed_lines
from views import proposal_pages as pages
from views import wire
from views.doors import door

SAID = ("number", "side", "state", "note", "answer_note")
NUMBER, TEXT, MAYBE = {"type": "integer"}, {"type": "string"}, {"type": "string", "nullable": True}


def _schema(**properties):
    return {"type": "object", "nullable": True, "properties": properties}


TERMS = _schema(sku=TEXT, name=TEXT, quantity=TEXT, unit_price=TEXT, discount_percent=TEXT, requested_on=MAYBE,
                amount=TEXT)  # fmt: skip
LINE = _schema(id=NUMBER, line=NUMBER, position=NUMBER, refuse={"type": "boolean"}, before=TERMS, after=TERMS,
               remark=TEXT, answer=MAYBE, answer_remark=TEXT)  # fmt: skip
PROPOSAL = _schema(id=NUMBER, version=NUMBER, number=NUMBER, side=TEXT, state=TEXT, note=TEXT, answer_note=TEXT,
                   made_at=TEXT, answered_at=MAYBE, closed_by=MAYBE,
                   lines={"type": "array", "items": LINE})  # fmt: skip


class ProposalDoors:
    """The pages of the order's screen on which lines are negotiated."""

    @expose("/propose/<int:pk>", methods=["GET", "POST"])
    @has_access
    def propose(self, pk):
        """Propose something else for lines of an order."""
        row = self.row(pk)
        why = self._cannot("propose", row)
        if why is not None:
            return self._refused(why, self.url("show", pk=pk))
        if request.method == "GET":
            return self._proposing(row)
        try:
            return self._said("propose", row, pages.proposed(row, request.form))
        except BusinessError as error:
            db.session.rollback()
            return self._proposing(self.row(pk), request.form, error), 422

    @expose("/answer/<int:pk>", methods=["GET", "POST"])
    @has_access
    def answer(self, pk):
        """Answer a proposal line by line."""
        row = self.row(pk)
        why = self._cannot("answer", row)
        if why is not None:
            return self._refused(why, self.url("show", pk=pk))
        if request.method == "GET":
            return self._answering(row)
        try:
            return self._said("answer", row, pages.answered(rules.open_one(row, g.work), request.form))
        except BusinessError as error:
            db.session.rollback()
            row = self.row(pk)
            if row.proposed_side is None:
                return self._refused(error, self.url("show", pk=pk))
            return self._answering(row, request.form, error), 422

    def _cannot(self, verb, row):
        """Why a step cannot be taken now; 403 where it never can."""
        if not self.may(verb):
            abort(403)
        offer = next(one for one in self.flow.offers(row, g.work) if one.step.name == verb)
        return None if offer.enabled else BusinessError("refused", offer.reason)

    def _said(self, verb, row, data):
        seen = request.form.get("version", "")
        versions = {row.id: int(seen)} if seen.isdecimal() and len(seen) < 19 else None
        outcome = self.flow.run(verb, [row.id], versions=versions, **data)
        if outcome.refused:
            raise outcome.refused[0].error
        db.session.commit()
        told = self.flow.transitions[verb].told
        flash(_("%(step)s: %(record)s", step=told, record=outcome.done[0]), "success")
        return redirect(self.url("show", pk=row.id))

    def _proposing(self, row, form=None, error=None):
        house = pages.proposing(self, row, form, error)
        return self.render_template("house/propose.html", title=_("Propose changes"), house=house)

    def _answering(self, row, form=None, error=None):
        panel = pages.panel(self, row, form, error)
        crumbs = [(str(self.list_title), self.url("list")), (str(row), self.url("show", pk=row.id))]
        return self.render_template("house/answer.html", title=_("Answer the proposal"), panel=panel, crumbs=crumbs)

    def proposals_section(self, row):
        """The proposals of an order for its page; None without any."""
        panel = pages.panel(self, row)
        return None if panel is None else render_template("house/_proposals.html", panel=panel)


class ProposalApi:
    """What was proposed for the lines of an order, and answered."""

    answers = {"proposals": {"type": "array", "items": PROPOSAL}}

    @expose_api("/<int:pk>/proposals", methods=["GET"])
    @door("read")
    def proposals(self, pk):
        """What either side proposed for the lines of an order and what was answered, newest first."""
        row = self.find(pk)
        return jsonify([_proposal(one, row) for one in rules.of_order(row, g.work)])


def _proposal(one, order):
    found = {"id": one.id, "version": one.version, **{name: getattr(one, name) for name in SAID}}
    return found | {
        "made_at": wire.out(one, "created_at"), "answered_at": wire.out(one, "answered_at"),
        "closed_by": one.closed_by or None, "lines": [_line(line, order) for line in one.lines],
    }  # fmt: skip


def _line(line, order):
    return {
        "id": line.id, "line": line.order_line_id, "position": line.position, "refuse": line.refuse,
        "before": _terms(proposed_lines.terms(line, False), order),
        "after": _terms(proposed_lines.terms(line, True), order), "remark": line.remark,
        "answer": line.answer or None, "answer_remark": line.answer_remark,
    }  # fmt: skip


def _terms(found, order):
    """The terms of a line: figures as strings; null for a line that goes."""
    if found is None:
        return None
    day = found["requested_on"]
    return {
        "sku": found["sku"], "name": found["name"], "quantity": wire.number(found["quantity"]),
        "unit_price": wire.amount(found["unit_price"], order.currency_code),
        "discount_percent": wire.number(found["discount_percent"]), "requested_on": day.isoformat() if day else None,
        "amount": wire.amount(proposed_lines.worth(found, order).amount, order.currency_code),
    }  # fmt: skip
