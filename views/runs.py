"""The progress of work in the background, for whoever asked for it."""

from types import SimpleNamespace

from flask import Response, flash, g, jsonify, redirect, stream_with_context, url_for
from flask_appbuilder import BaseView, expose, has_access
from flask_babel import gettext as _

from app.core.errors import BusinessError
from app.core.flow import FLOWS
from app.core.localized import format_number
from app.extensions import db
from app.reading import reader
from app.rules import runs
from app.rules.documents import store


class RunView(BaseView):
    """Bulk steps and exports that run in the background: how far, what was refused, stop."""

    route_base = "/runs"
    class_permission_name = "Run"
    method_permission_name = {"show": "read", "status": "read", "stop": "read", "result": "read"}

    @expose("/show/<int:pk>")
    @has_access
    def show(self, pk):
        run = runs.mine(pk, g.work)
        house = SimpleNamespace(back_url=f"/{run.noun}s/list/")
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


def _title(run):
    if run.kind == "export":
        return _("Export")
    return str(FLOWS[run.noun].transitions[run.verb].label)


def _job(run):
    said = {"handled": format_number(run.position, reader()), "total": format_number(run.total, reader()),
            "refused": format_number(len(run.refused), reader())}  # fmt: skip
    text = _("%(handled)s of %(total)s handled, %(refused)s refused.", **said)
    over = run.state in ("done", "stopped", "failed")
    if run.kind == "export":
        text = _("The file is ready.") if run.result_sha256 else _("The file is being made.")
    return SimpleNamespace(
        title=_title(run), state=run.state, state_label=str(runs.STATES[run.state]), total=run.total,
        handled=run.position, text=text, over=over, refused_url=None,
        stop_url=None if over or run.kind == "export" else url_for("RunView.stop", pk=run.id),
        status_url=url_for("RunView.status", pk=run.id),
        result_url=url_for("RunView.result", pk=run.id) if run.result_sha256 else None,
        refused=[SimpleNamespace(label=name, message=message,
                                 url=f"/{run.noun}s/show/{one}" if code != "not_found" else None)
                 for one, name, code, message in run.refused],
    )  # fmt: skip


def register(appbuilder):
    appbuilder.add_view_no_menu(RunView)
