"""Whether the product is well: /health for load balancers, /metrics for Prometheus."""

import hmac

from flask import Blueprint, abort, current_app, jsonify, request
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from app.extensions import db

bp = Blueprint("health", __name__)
_QUEUE = text("select status::text, count(*) from procrastinate_jobs group by 1")


@bp.route("/health")
def health():
    """200 when this process and the database answer."""
    try:
        with db.engine.connect() as connection:
            connection.execute(text("select 1"))
    except SQLAlchemyError:
        current_app.logger.warning("health: the database does not answer")
        return jsonify({"status": "unavailable", "database": "unreachable"}), 503
    return jsonify({"status": "ok", "database": "ok"})


@bp.route("/metrics")
def metrics():
    """Prometheus text, from loopback or with the token."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    token = current_app.config["METRICS_TOKEN"]
    allowed = token and hmac.compare_digest(given.encode(), token.encode())
    if not allowed and not _from_loopback():
        abort(403)
    jobs = _jobs()
    lines = [
        "# TYPE serai_up gauge", "serai_up 1",
        "# TYPE serai_database_up gauge", f"serai_database_up {int(jobs is not None)}",
        "# TYPE serai_jobs gauge", *[f'serai_jobs{{status="{status}"}} {number}' for status, number in jobs or ()],
        "# TYPE serai_database_connections gauge", f"serai_database_connections {db.engine.pool.checkedout()}",
    ]  # fmt: skip
    return "\n".join(lines) + "\n", 200, {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}


def _from_loopback():
    """Whether the asker sits on this machine; a proxy beside us that nobody named speaks for anybody."""
    through = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    unnamed = through and not current_app.config["TRUSTED_PROXIES"]
    return request.remote_addr in ("127.0.0.1", "::1") and not unnamed


def _jobs():
    """(status, number) of the jobs, None when the database does not answer."""
    try:
        with db.engine.connect() as connection:
            connection.execute(text("select set_config('role', 'serai_staff', true)"))
            return connection.execute(_QUEUE).all()
    except SQLAlchemyError:
        current_app.logger.warning("metrics: the database does not answer")
        return None


def register(appbuilder):
    current_app.register_blueprint(bp)
