"""Whether the product is well: /health for load balancers, /metrics for Prometheus."""

import hmac

from flask import Blueprint, abort, current_app, jsonify, request
from sqlalchemy import text

from app.extensions import db

bp = Blueprint("health", __name__)
_QUEUE = text("select status::text, count(*) from procrastinate_jobs group by 1")


@bp.route("/health")
def health():
    """200 when this process and the database answer."""
    try:
        with db.engine.connect() as connection:
            connection.execute(text("select 1"))
    except Exception:
        current_app.logger.warning("health: the database does not answer")
        return jsonify({"status": "unavailable", "database": "unreachable"}), 503
    return jsonify({"status": "ok", "database": "ok"})


@bp.route("/metrics")
def metrics():
    """Prometheus text, from loopback or with the token."""
    given = request.headers.get("Authorization", "").removeprefix("Bearer ")
    token = current_app.config["METRICS_TOKEN"]
    allowed = token and hmac.compare_digest(given.encode(), token.encode())
    if not allowed and request.remote_addr not in ("127.0.0.1", "::1"):
        abort(403)
    with db.engine.connect() as connection:
        connection.execute(text("select set_config('role', 'serai_staff', true)"))
        jobs = connection.execute(_QUEUE).all()
    pool = db.engine.pool
    lines = [
        "# TYPE serai_up gauge", "serai_up 1",
        "# TYPE serai_jobs gauge", *[f'serai_jobs{{status="{status}"}} {number}' for status, number in jobs],
        "# TYPE serai_database_connections gauge", f"serai_database_connections {pool.checkedout()}",
    ]  # fmt: skip
    return "\n".join(lines) + "\n", 200, {"Content-Type": "text/plain; version=0.0.4; charset=utf-8"}


def register(appbuilder):
    current_app.register_blueprint(bp)
