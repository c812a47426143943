"""The steps of a flow over REST: on one record, on many, and a state set by hand."""

from flask_appbuilder.api import expose
from flask_babel import gettext as _

from app.core.errors import Malformed, NotFound
from views import bulk, wire
from views.doors import body, done, door


def attach(api):
    """Give an API class an endpoint for every step of its flow."""
    for step in api.flow.transitions.values():
        if not step.hidden:
            setattr(api, f"step_{step.name}", _one(step))
            setattr(api, f"bulk_{step.name}", _many(step))
    api.override = _override()


def _override():
    @expose("/<int:pk>/override", methods=["POST"])
    @door("override")
    def override(self, pk):
        """Set the state by hand, with a reason."""
        row = self.find(pk)
        bulk.override(self.flow, row, body())
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
        ids, seen = given.pop("ids", None), given.pop("versions", None)
        if not isinstance(ids, list) or not ids or len(ids) > bulk.AT_ONCE * 5:
            raise Malformed("bad_ids", _("ids is a list of 1 to %(most)s ids.", most=bulk.AT_ONCE * 5))
        ids = [wire.whole("ids", one) for one in ids]
        data = bulk.read(step, given)
        return done(_outcome(self.flow.run(step.name, ids, versions=_versions(seen), **data), self.flow))

    call.__name__, call.__doc__ = f"bulk_{step.name}", f"Take the step “{step.name}” on many records."
    return call


def _versions(seen):
    if seen is None:
        return None
    if not isinstance(seen, dict) or not all(str(key).isdigit() for key in seen):
        raise Malformed("bad_versions", _("versions is an object of {id: version}."))
    return {int(key): wire.whole("versions", value) for key, value in seen.items()}
