"""The steps of a flow over REST: on one record, on many, and a state set by hand."""

from flask import g
from flask_appbuilder.api import expose
from flask_babel import gettext as _

from app.core.errors import BusinessError, Malformed, NotFound
from app.rules import runs
from views import bulk, wire
from views.doors import body, done, door

AT_ONCE = 1000  # records one call takes before it answers; more are sent with "background"


def attach(api):
    """Give an API class an endpoint for every step of its flow."""
    for step in api.flow.transitions.values():
        if not step.hidden:
            if not hasattr(api, f"step_{step.name}"):  # a step may have a door of its own
                setattr(api, f"step_{step.name}", _one(step))
            if not step.own_page:  # what is said line by line is said to one record
                setattr(api, f"bulk_{step.name}", _many(step))
    if api.flow.settable:
        api.override = _override()


def _override():
    @expose("/<int:pk>/override", methods=["POST"])
    @door("override")
    def override(self, pk):
        """Set the state by hand, with a reason."""
        row = self.find(pk)
        given = body()
        seen = given.pop("version", None)
        bulk.override(self.flow, row, given, None if seen is None else wire.whole("version", seen))
        return done({"id": row.id, "state": self.flow.state(row), "version": row.version})

    return override


def _outcome(outcome, flow):
    """What a step on many did."""
    refused = [{"id": one.id, "error": one.error.code, "message": str(one.error.message)} for one in outcome.refused]
    answer = {"done": [row.id for row in outcome.done], "refused": refused}
    if outcome.made:
        made = [_made(row) for row in outcome.made]
        answer["made"] = made[0] if len(made) == 1 else made
    return answer


def _made(row):
    noun = getattr(type(row), "__history__", None)
    return {"noun": noun, "id": row.id, "number": getattr(row, "number", None)}


def _one(step):
    @expose(f"/<int:pk>/{step.name}", methods=["POST"])
    @door(step.name)
    def call(self, pk):
        given = body(required=False)
        seen = given.pop("version", None)
        versions = None if seen is None else {pk: wire.whole("version", seen)}
        data = bulk.read(step, given)
        outcome = self.flow.run(step.name, [pk] if pk < 2**63 else [], versions=versions, **data)
        if outcome.refused or not outcome.done:
            raise outcome.refused[0].error if outcome.refused else NotFound("not_found", _("There is no such record."))
        row = outcome.done[0]
        answer = {"id": row.id, "state": self.flow.state(row), "version": row.version}
        if outcome.made:
            answer["made"] = _made(outcome.made[0])
        return done(answer)

    call.__name__, call.__doc__ = f"step_{step.name}", f"Take the step “{step.name}” on one record."
    return call


def _many(step):
    @expose(f"/{step.name}", methods=["POST"])
    @door(step.name)
    def call(self):
        given = body()
        seen, later, dry = given.pop("versions", None), given.pop("background", False), given.pop("dry_run", False)
        if not isinstance(dry, bool):
            raise wire.bad("dry_run", _("Send true or false: %(field)s.", field="dry_run"))
        ids = _selected(given.pop("ids", None), later, step)
        data = bulk.read(step, given)
        if later:
            return done(_promised(step, ids, data, seen, "trial" if dry else "bulk"), 202)
        if dry:
            return done(_tried(self, step, ids, seen, data))
        return done(_outcome(self.flow.run(step.name, ids, versions=_versions(seen), **data), self.flow))

    call.__name__, call.__doc__ = f"bulk_{step.name}", f"Take the step “{step.name}” on many records."
    return call


def _selected(ids, later, step):
    """The ids of a call.

    :raises Malformed: 'bad_ids', 'bad_value'; BusinessError 'too_many', 'not_in_background'
    """
    if not isinstance(later, bool):
        raise wire.bad("background", _("Send true or false: %(field)s.", field="background"))
    if later and step.set_wise:
        text = _("This step takes all records at once and cannot run in the background.")
        raise BusinessError("not_in_background", text)
    if not isinstance(ids, list) or not ids:
        raise Malformed("bad_ids", _("ids is a list of at least one id."))
    most = bulk.MOST if later else AT_ONCE
    if len(ids) > most:
        text = _("One call takes at most %(count)s records. Send several calls, or add “background”: true.", count=most)
        raise BusinessError("too_many", text, most=most, sent=len(ids))
    return list(dict.fromkeys(wire.whole("ids", one) for one in ids))


def _tried(api, step, ids, seen, data):
    """What a step would do to many; nothing is changed, and what it would make is told but not there."""
    with runs.trial(g.work):
        outcome = api.flow.run(step.name, ids, versions=_versions(seen), **data)
        answer = _outcome(outcome, api.flow)
        made = [_would_be(api, row) for row in outcome.made if isinstance(row, api.model)]
    answer.pop("made", None)
    return answer | {"dry_run": True} | ({"would_make": made[0] if step.set_wise else made} if made else {})


def _would_be(api, row):
    """A record as it would be, without what it would only get when it is really made."""
    found = api.shown(row)["result"]
    lines = [{name: value for name, value in line.items() if name != "id"} for line in found.get("lines", ())]
    return {name: value for name, value in found.items() if name not in ("id", "version", "number")} | {"lines": lines}


def _promised(step, ids, data, seen, kind):
    """The step on a selection as a run in the background: where to ask how far it is."""
    if seen is not None:
        raise Malformed("bad_versions", _("Versions are not looked at in the background."))
    run = runs.begin(g.work, step.flow.noun, step.name, ids, data, kind)
    return {"run": {"id": run.id, "url": f"/api/v1/runs/{run.id}"}}


def _versions(seen):
    if seen is None:
        return None
    if not isinstance(seen, dict) or not all(str(key).isdecimal() and len(str(key)) < 19 for key in seen):
        raise Malformed("bad_versions", _("versions is an object of {id: version}."))
    return {int(key): wire.whole("versions", value) for key, value in seen.items()}
