"""The progress of work in the background, for whoever asked for it."""

from types import SimpleNamespace

from flask import Response, abort, flash, g, jsonify, redirect, stream_with_context, url_for
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _

from app.core.errors import BusinessError
from app.core.flow import FLOWS
from app.core.localized import format_number
from app.extensions import db
from app.reading import reader
from app.rules import runs
from app.rules.documents import store
from models.documents import BackgroundRun
from views import exports
from views.api import HouseApi
from views.base import HOMES


class RunView(BaseView):
    """Bulk steps and exports that run in the background: how far, what was refused, stop."""

    route_base = "/runs"
    class_permission_name = "Run"
    method_permission_name = {"show": "read", "status": "read", "stop": "read", "result": "read",
                              "report": "read", "carry_out": "read"}  # fmt: skip

    @expose("/show/<int:pk>")
    @has_access
    def show(self, pk):
        run = runs.mine(pk, g.work)
        house = SimpleNamespace(back_url=f"{_home(run)}/list/", report_urls=[], carry_out_url=None)
        if run.kind != "export":
            house.report_urls = [(kind.upper(), url_for("RunView.report", pk=pk, kind=kind)) for kind in exports.KINDS]
        if run.kind == "trial" and run.state == "done" and run.done:
            house.carry_out_url = url_for("RunView.carry_out", pk=pk)
        return self.render_template("house/progress.html", title=_title(run), job=_job(run), house=house)

    @expose("/status/<int:pk>")
    @has_access
    def status(self, pk):
        job = _job(runs.mine(pk, g.work))
        return jsonify(
            {**vars(job), "refused": [vars(one) for one in job.refused], "state_label": str(job.state_label)}
        )

    @expose("/stop/<int:pk>", methods=["POST"])
    @has_access
    def stop(self, pk):
        try:
            runs.stop(runs.mine(pk, g.work, lock=True), g.work)
            db.session.commit()
        except BusinessError as error:
            flash(str(error.message), "warning")
        return redirect(url_for("RunView.show", pk=pk))

    @expose("/report/<int:pk>.<kind>")
    @has_access
    def report(self, pk, kind):
        """What became of each record of a step on many, as CSV or XLSX."""
        run = runs.mine(pk, g.work)
        if kind not in exports.KINDS or run.kind == "export":
            abort(404)
        media, stream = exports.KINDS[kind]
        words = _words(run)
        rows = [[name, words[passed], state, reason] for name, state, passed, reason in runs.report(run, g.work)]
        more = {"title": _title(run)} if kind == "xlsx" else {}
        body = stream([_("Record"), _("Result"), _("Status"), _("Reason")], rows, reader(), **more)
        name = f"{run.noun}-{run.verb}-{run.id}.{kind}"
        return Response(stream_with_context(exports.acting(g.work, body)), content_type=media,
                        headers={"Content-Disposition": f'attachment; filename="{name}"'})  # fmt: skip

    @expose("/carry_out/<int:pk>", methods=["POST"])
    @has_access
    def carry_out(self, pk):
        """Do what was only tried, on the same selection with the same data."""
        tried = runs.mine(pk, g.work)
        if tried.kind != "trial" or not g.work.actor.may(f"{tried.noun}.{tried.verb}"):
            abort(404)
        run = runs.begin(g.work, tried.noun, tried.verb, tried.ids, tried.parameters)
        db.session.commit()
        return redirect(url_for("RunView.show", pk=run.id))

    @expose("/result/<int:pk>")
    @has_access
    def result(self, pk):
        run = runs.mine(pk, g.work)
        if not run.result_sha256:
            raise BusinessError("not_ready", _("The file is not ready yet."))
        stream = store().open(run.result_sha256)
        return Response(
            stream_with_context(iter(lambda: stream.read(1 << 16), b"")),
            mimetype=run.result_media_type,
            headers={"Content-Disposition": f'attachment; filename="{run.result_name}"'},
        )


class RunApi(HouseApi):
    """The caller's own runs: what became of a step on many records that was sent with `background`."""

    noun = "run"
    model = BackgroundRun
    resource_name = "runs"
    list_fields = ("id", "kind", "noun", "verb", "state", "total", "handled", "done", "created_at", "finished_at")
    show_fields = ("refused",)
    filter_columns = ("id", "state", "noun", "verb")

    def query(self):
        return super().query().filter(BackgroundRun.user_id == g.access.user_id)

    def loaded(self):
        return [name if name != "handled" else "position" for name in self.list_fields]

    def value(self, row, name):
        if name == "handled":
            return row.position
        if name == "refused":
            return [{"id": one, "error": code, "message": message} for one, _name, code, message in row.refused]
        return super().value(row, name)


def _home(run):
    """Where the list stands that a run was asked from."""
    return f"/{run.parameters['screen']}" if run.kind == "export" else HOMES[run.noun]


def _words(run):
    """{passed: what happened to a record}."""
    if run.kind == "trial":
        return {True: _("Would be done"), False: _("Would be refused")}
    return {True: _("Done"), False: _("Refused")}


def _title(run):
    if run.kind == "export":
        return _("Export")
    if run.kind == "trial":
        return _("Dry run: %(step)s", step=FLOWS[run.noun].transitions[run.verb].label)
    return str(FLOWS[run.noun].transitions[run.verb].label)


def _job(run):
    said = {"handled": format_number(run.position, reader()), "total": format_number(run.total, reader()),
            "refused": format_number(run.position - run.done, reader())}  # fmt: skip
    text = _("%(handled)s of %(total)s handled, %(refused)s refused.", **said)
    over = run.state in ("done", "stopped", "failed")
    if run.kind == "trial":
        said["done"] = format_number(run.done, reader())
        text = _("Nothing was changed. Of %(handled)s records, %(done)s would pass and %(refused)s would be refused.",
                 **said)  # fmt: skip
    if run.kind == "export":
        text = _("The file is ready.") if run.result_sha256 else _("The file is being made.")
        text = str(runs.STATES["failed"]) if run.state == "failed" else text
    return SimpleNamespace(
        title=_title(run), state=run.state, state_label=str(runs.STATES[run.state]), total=run.total,
        handled=run.position, text=text, over=over, refused_url=None,
        stop_url=None if over or run.kind == "export" else url_for("RunView.stop", pk=run.id),
        status_url=url_for("RunView.status", pk=run.id),
        result_url=url_for("RunView.result", pk=run.id) if run.result_sha256 else None,
        refused=[SimpleNamespace(label=name, message=message,
                                 url=f"{HOMES[run.noun]}/show/{one}" if code != "not_found" else None)
                 for one, name, code, message in run.refused],
    )  # fmt: skip


def register(appbuilder):
    appbuilder.add_view_no_menu(RunView)
    appbuilder.add_api(RunApi)
