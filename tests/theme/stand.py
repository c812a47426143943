"""A stand-in application: our templates and scripts with invented values, so the theme is tested without a database."""

import contextlib
import pathlib
import threading
from types import SimpleNamespace as Values

import flask_appbuilder
from flask import Blueprint, Flask, jsonify, render_template, request, url_for
from flask_appbuilder.filters import TemplateFilters
from flask_babel import Babel
from flask_talisman import Talisman
from flask_wtf import CSRFProtect
from werkzeug.serving import make_server
from wtforms import Form, SelectField, StringField, TextAreaField

import config

ROOT = pathlib.Path(__file__).resolve().parents[2] / "app"
FRAMEWORK = pathlib.Path(flask_appbuilder.__file__).parent
PRICES = {"85123A": ("White hanging heart", "2.55", 400), "22423": ("Cakestand", "12.75", 3)}


class Head(Form):
    """The head of an order."""

    customer = StringField("Customer", render_kw={"data-combo": "/customers"})
    reference = StringField("Reference")
    due_on = StringField("Delivery date", render_kw={"data-date": "1"})


class Reason(Form):
    """What a rejection asks."""

    reason = TextAreaField("Reason", description="The customer reads this.")
    code = SelectField("Type", choices=["A", "B"])


def columns(*pairs):
    """Columns of a list from (label, kind)."""
    return [
        Values(name=label.lower(), label=label, kind=kind, sort_url="?sort=" + label, sorted=None)
        for label, kind in pairs
    ]


def list_values():
    """A list of submitted orders, with two bulk steps."""
    rows = [
        Values(
            id=n, url=f"/orders/show/{n}", cells=[f"SO-{n}", "Anadolu Gıda A.Ş.", ("submitted", "Submitted"), "£1.00"]
        )
        for n in range(1, 26)
    ]
    steps = [
        Values(
            name="approve",
            label="Approve",
            ask="Approve the selected orders?",
            icon="fa-check",
            form_fields=(),
            danger=False,
        ),
        Values(name="reject", label="Reject", ask=None, icon=None, form_fields=list(Reason()), danger=True),
    ]
    return Values(
        columns=columns(("Number", "code"), ("Customer", "text"), ("Status", "state"), ("Total", "num")),
        rows=rows,
        actions=steps,
        action_url="/posted",
        matching=1240,
        matching_text="1,240",
        count_text="1,240 orders",
        states=[Values(code="submitted", label="Submitted", count="128", url="?", active=True)],
        filters=[Values(label="Customer: Acme", remove_url="?")],
        clear_url="?",
        next_url="?after=1",
        add_url="/orders/add",
        search=Values(name="q", value="", placeholder=None, keep=()),
    )


def show_values():
    """One order with everything a record may have."""
    steps = [
        Values(
            name="approve",
            label="Approve",
            ask="Approve this order?",
            icon=None,
            form_fields=(),
            url="/posted",
            enabled=True,
            reason=None,
            primary=True,
            danger=False,
            version=3,
        ),
        Values(
            name="complete",
            label="Complete",
            ask=None,
            icon=None,
            form_fields=(),
            url="/posted",
            enabled=False,
            reason="The order has not been released yet.",
            primary=False,
            danger=False,
        ),
    ]
    return Values(
        number="SO-1",
        subtitle="Acme",
        state=Values(code="submitted", label="Submitted"),
        next_step="Approve it.",
        crumbs=[("Orders", "/orders/list/"), ("SO-1", None)],
        actions=steps,
        delete_url="/posted",
        edit_url="/orders/add",
        facts=[
            Values(
                title=None,
                items=[
                    ("Customer", ("Acme", "/"), "link"),
                    ("Total", "£1.00", "money"),
                    ("Remarks", "Back gate", "wide"),
                ],
            )
        ],
        lines=[
            Values(
                title=None,
                columns=columns(("SKU", "code"), ("Amount", "num")),
                rows=[["85123A", "£1.00"]],
                totals=[("Total", "£1.00")],
            )
        ],
        documents=[Values(name="Order confirmation", url="/", meta=None, icon=None, formats=[("PDF", "/")])],
        messages=[Values(author="Bea", at="10:00", text="Hello", mine=False, internal=True, files=[("a.pdf", "/")])],
        message_form=list(Reason()),
        message_url="/posted",
        history=[Values(at="10:00", actor="Bea", action="Changed", changes=[("Remarks", None, "Back gate")])],
    )


def pages():
    """Every page of ours: name -> function that draws it."""
    job = Values(
        title="Approve",
        state="running",
        state_label="Running",
        total=3,
        handled=1,
        text="1 of 3",
        over=False,
        stop_url="/posted",
        status_url="/job",
        refused=[],
    )
    mini = Values(
        title="Recent orders",
        columns=columns(("Number", "code")),
        rows=[Values(url="/", cells=["SO-1"])],
        more_url="/",
    )
    home = Values(
        greeting="Good morning",
        lead="Acme",
        actions=[Values(label="New order", url="/orders/add", icon="fa-plus", primary=True)],
        queues=[Values(label="Orders to approve", count="3", url="/", state="submitted", note=None)],
        recent=mini,
        orders=mini,
        find=Values(url="/orders/list/", name="q", keep=()),
        news=[Values(title="Closed", text="Monday", at="19/11/2026", url=None)],
        todo=[Values(icon=None, title="Pay", note=None, url="/"),
              Values(icon="fa-list", title="Order drafts", note="Show all", url="/orders/list/", count="7")],
        waiting="8",
        quick=Values(url="/orders/add", products_url="/products"),
        balance=[("Balance", "£1.00", "money")],
        messages=[],
        invoices=None,
    )
    lines = Values(price_url="/price", products_url="/products", save_url="/save", can_submit=True, lines=[])
    draw = render_template
    return {
        "/": lambda: draw("house/home.html", title="Home", house=home),
        "/portal/": lambda: draw("portal/home.html", title="Home", house=home),
        "/orders/list/": lambda: draw("house/list.html", title="Orders", house=list_values(), widgets={}),
        "/orders/empty": lambda: draw(
            "house/list.html", title="Orders", house=Values(columns=[], rows=[], add_url="/orders/add"), widgets={}
        ),
        "/orders/show/1": lambda: draw("house/show.html", title="SO-1", house=show_values()),
        "/orders/add": lambda: draw("house/lines_form.html", title="New order", house=lines, form=Head()),
        "/orders/form": lambda: draw("house/form.html", title="Edit", house=Values(), form=Head()),
        "/progress": lambda: draw("house/progress.html", title="Approve", job=job, house=Values(back_url="/")),
        "/report": lambda: draw(
            "house/report.html", title="Document", house=Values(document_url="/job", formats=[("PDF", "/")])
        ),
        "/import": lambda: draw("house/import.html", title="Import", house=Values(result=None), form=Head()),
        "/missing": lambda: draw("house/error.html", status=404, message=None),
    }


def price():
    """What a line costs, as the order screen asks it."""
    found = PRICES.get(request.args["sku"])
    if not found:
        return jsonify(error="unknown_sku", message="There is no product with this SKU."), 404
    name, unit_price, available = found
    enough = int(request.args["quantity"]) <= available
    return jsonify(
        sku=request.args["sku"],
        name=name,
        unit="piece",
        unit_price=unit_price,
        amount=unit_price,
        source="Wholesale",
        available=str(available),
        enough=enough,
        refused=None,
    )


def _globals(app, language):
    items = [Values(url="/orders/list/", place="orders", label="Orders", icon="fa-cart-shopping")]
    sections = [Values(name="Sales", label="Sales", entry=None, entries=items)]
    TemplateFilters(app, Values(has_access=lambda permission, view: True))
    app.jinja_env.globals.update(
        menu_sections=lambda: sections,
        figure=str,
        piece=lambda name, *key, caller: caller(),
        html_lang=lambda: language["lang"],
        html_dir=lambda: "rtl" if language["lang"] == "fa" else "ltr",
        reader=lambda: Values(
            locale=language["lang"], calendar="jalali" if language["lang"] == "fa" else "gregorian",
            digits="native" if language["lang"] == "fa" else "latin",
        ),
        counters=lambda: [
            Values(name="message", url="/", icon="fa-comments", number=3, text="3", label="3 unread messages")
        ],
        current_user=Values(is_anonymous=False, username="ann", get_full_name=lambda: "Ann Smith"),
        appbuilder=Values(
            app_name="Serai",
            app_icon=None,
            languages=config.LANGUAGES,
            get_url_for_index="/",
            get_url_for_userinfo="/",
            get_url_for_logout="/",
            get_url_for_login="/login/",
            get_url_for_locale=lambda code: f"/lang/{code}",
        ),
    )


def make(language):
    """The stand-in; `posted` of its config keeps what forms sent.

    :param language: {"lang": "en"}, may be changed while it runs
    """
    app = Flask(__name__, template_folder=str(ROOT / "templates"), static_folder=str(ROOT / "static"))
    app.config.update(SECRET_KEY="test", TESTING=True, LANGUAGES=config.LANGUAGES, posted=[])
    Babel(app, locale_selector=lambda: "en")
    CSRFProtect(app)
    Talisman(
        app,
        **{
            **config.TALISMAN,
            "force_https": False,
            "session_cookie_secure": False,
            "strict_transport_security": False,
        },
    )
    app.register_blueprint(
        Blueprint(
            "appbuilder",
            __name__,
            static_folder=str(FRAMEWORK / "static" / "appbuilder"),
            static_url_path="/framework",
            template_folder=str(FRAMEWORK / "templates"),
        )
    )
    app.add_url_rule("/back", "UtilView.back", lambda: "back")
    _globals(app, language)
    for path, view in pages().items():
        app.add_url_rule(path, path, view)
    app.add_url_rule("/price", "price", price)
    app.add_url_rule(
        "/products",
        "products",
        lambda: jsonify([{"id": sku, "text": sku, "note": found[0]} for sku, found in PRICES.items()]),
    )
    app.add_url_rule(
        "/customers", "customers", lambda: jsonify([{"id": 7, "text": "Acme"}, {"id": 8, "text": "Globex"}])
    )
    app.add_url_rule(
        "/job",
        "job",
        lambda: jsonify(
            state="done",
            state_label="Done",
            total=3,
            handled=3,
            text="3 of 3",
            over=True,
            refused=[{"label": "SO-3", "url": "/", "message": "It exceeds the credit limit."}],
        ),
    )

    def posted():
        app.config["posted"].append(request.form.to_dict(flat=False))
        return f'<title>posted</title><a href="{url_for("UtilView.back")}">back</a>'

    def save():
        content = request.get_json()
        app.config["posted"].append(content)
        refused = [
            {"index": n, "message": "The product is archived."}
            for n, line in enumerate(content["lines"])
            if line["sku"] == "22423"
        ]
        if refused:
            return jsonify(error="lines_refused", message="One line was refused.", lines=refused), 422
        return jsonify(url="/orders/show/1"), 201

    app.add_url_rule("/posted", "posted", posted, methods=["POST"])
    app.add_url_rule("/save", "save", save, methods=["POST"])
    return app


@contextlib.contextmanager
def running(app):
    """Serve the stand-in on a free port while the block runs; gives its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()
