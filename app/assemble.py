"""Puts the floors of the house together into one Flask application."""

import logging
from importlib import import_module

from flask import Flask
from flask.json.provider import DefaultJSONProvider
from flask_appbuilder import AppBuilder
from flask_talisman import Talisman
from werkzeug.middleware.proxy_fix import ProxyFix

import config
from app import http
from app.extensions import csrf, db
from views import EXTRA, MENU

SURROGATE = "\\ud"  # how JSON begins half of a character beyond U+FFFF


class Json(DefaultJSONProvider):
    """JSON as the framework reads it; what is nested beyond reason or is no text is malformed like anything else."""

    def loads(self, s, **kwargs):
        try:
            found = super().loads(s, **kwargs)
        except RecursionError:
            raise ValueError("nested too deeply") from None
        if SURROGATE in (s if isinstance(s, str) else s.decode()).lower():
            self.dumps(found, ensure_ascii=False).encode()  # half a character: UnicodeEncodeError, a ValueError
        return found


class House(Flask):
    """The application."""

    json_provider_class = Json


def web(settings, load):
    """The application with every screen and API registered.

    :param settings: deployment settings that differ from `config`
    :param load: imports all nouns of a floor
    """
    app = House("app", root_path=str(config.ROOT / "app"), template_folder="templates", static_folder="static")
    app.config.from_object("config")
    app.config.update(settings)
    app.config["FAB_SECURITY_MANAGER_CLASS"] = "app.security.SecurityManager"
    app.config["FAB_INDEX_VIEW"] = "views.home.HomeView"
    app.config["WTF_CSRF_CHECK_DEFAULT"] = False  # app.http decides: bearer tokens need none, cookies always
    if app.config["TRUSTED_PROXIES"]:
        count = app.config["TRUSTED_PROXIES"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)
    app.url_map.strict_slashes = False
    # the framework warns of each column its own filters do not know; ours are declared on the screens
    logging.getLogger("flask_appbuilder.models.filters").setLevel(logging.ERROR)
    db.init_app(app)
    csrf.init_app(app)
    Talisman(app, **app.config["TALISMAN"])
    http.before(app)
    with app.app_context():
        appbuilder = AppBuilder()
        appbuilder.init_app(app, db.session)
        for module in load("views"):
            if hasattr(module, "register"):
                module.register(appbuilder)
        for name in EXTRA:
            import_module(f"views.{name}").register(appbuilder)
        appbuilder.menu.menu.sort(key=lambda item: MENU.index(item.name) if item.name in MENU else len(MENU))
    http.after(app)
    return app

