"""Settings of the deployment: one line each, with its default, its environment variable and its unit.

What an administrator changes while the product runs stands in the table `settings`, not here.
"""

import os
import pathlib
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent
env = os.environ.get


def sqlalchemy_url(url):
    """The address of a database as SQLAlchemy wants it; `postgres://` and `postgresql://` mean PostgreSQL."""
    scheme, separator, rest = url.partition("://")
    if separator and scheme in ("postgres", "postgresql", "postgresql+psycopg"):
        return "postgresql+psycopg://" + rest
    return url


def engine_options(url):
    """Options of the pools of web and worker: every connection starts as the role that sees nothing."""
    given = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query).get("options", [])
    options = " ".join([*given, "-c role=serai_none", "-c timezone=UTC"])
    connect = {"options": options, "connect_timeout": 10, "application_name": "serai"}
    return {"connect_args": connect, "pool_pre_ping": True, "pool_size": 8, "max_overflow": 8, "pool_recycle": 1800}


def flag(name, default=False):
    """An on/off environment variable."""
    return env(name, "1" if default else "0").strip().lower() in ("1", "yes", "true", "on")


# --- Where things are
DATA_DIR = env("SERAI_DATA") or ("/var/lib/serai" if os.geteuid() == 0 else str(ROOT / "var"))  # SERAI_DATA; folder
PUBLIC_URL = env("SERAI_PUBLIC_URL", "").rstrip("/")  # SERAI_PUBLIC_URL; what people type; default: as asked
SITE_URL = PUBLIC_URL or env("SERAI_ADDRESS") or "http://127.0.0.1:8080"  # links in mails; the launcher sets SERAI_ADDRESS
HTTPS = PUBLIC_URL.startswith("https://")  # derived: redirects, HSTS and Secure cookies only then
TRUSTED_PROXIES = int(env("SERAI_TRUSTED_PROXIES") or 0)  # SERAI_TRUSTED_PROXIES; proxies in front of us; count
MAIL_URL = env("SERAI_MAIL_URL", "")  # SERAI_MAIL_URL; smtp://user:password@host:port; default: .eml files in DATA_DIR
SMS_URL = env("SERAI_SMS_URL", "")  # SERAI_SMS_URL; Apprise URL; default: off
STORAGE_URL = env("SERAI_STORAGE_URL") or pathlib.Path(DATA_DIR, "files").absolute().as_uri()  # SERAI_STORAGE_URL; fsspec
METRICS_TOKEN = env("SERAI_METRICS_TOKEN", "")  # SERAI_METRICS_TOKEN; opens /metrics from elsewhere; default: loopback only
ADMIN_PASSWORD = env("SERAI_ADMIN_PASSWORD", "")  # SERAI_ADMIN_PASSWORD; first start only; default: random, printed once
DEMO_PASSWORD = env("SERAI_DEMO_PASSWORD", "")  # SERAI_DEMO_PASSWORD; every demo user; default: random, printed once

# --- Database
DATABASE_OWNER_URL = sqlalchemy_url(env("DATABASE_URL", ""))  # DATABASE_URL; the launcher sets the embedded one
SQLALCHEMY_DATABASE_URI = sqlalchemy_url(env("DATABASE_APP_URL") or env("DATABASE_URL", ""))  # DATABASE_APP_URL
SQLALCHEMY_ENGINE_OPTIONS = engine_options(SQLALCHEMY_DATABASE_URI)  # derived
SQLALCHEMY_TRACK_MODIFICATIONS = False

# --- Secrets, sessions, forms
SECRET_KEY = env("SERAI_SECRET_KEY", "")  # SERAI_SECRET_KEY; the launcher makes one and keeps it in DATA_DIR
SESSION_COOKIE_NAME = "serai"
SESSION_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
REMEMBER_COOKIE_SECURE = HTTPS
REMEMBER_COOKIE_HTTPONLY = True
REMEMBER_COOKIE_SAMESITE = "Lax"
PERMANENT_SESSION_LIFETIME = 12 * 3600  # seconds
PREFERRED_URL_SCHEME = "https" if HTTPS else "http"
WTF_CSRF_ENABLED = True
WTF_CSRF_TIME_LIMIT = None  # as long as the session: a form left open over lunch still saves
WTF_CSRF_SSL_STRICT = HTTPS
MAX_CONTENT_LENGTH = int(env("SERAI_MAX_UPLOAD_MB") or 25) * 1024 * 1024  # SERAI_MAX_UPLOAD_MB; megabytes per request
MAX_FORM_MEMORY_SIZE = 2 * 1024 * 1024  # bytes of form fields, files not counted
MAX_FORM_PARTS = 5000  # fields of one form; an order of a few hundred lines
SEND_FILE_MAX_AGE_DEFAULT = 3600  # seconds a browser keeps static files
TEMPLATES_AUTO_RELOAD = False

# --- REST
JWT_ACCESS_TOKEN_EXPIRES = 3600  # seconds
JWT_REFRESH_TOKEN_EXPIRES = 30 * 24 * 3600  # seconds
JWT_COOKIE_CSRF_PROTECT = True
FAB_API_KEY_ENABLED = True
FAB_API_MAX_PAGE_SIZE = 100  # rows
FAB_API_SWAGGER_UI = True
FAB_API_SHOW_STACKTRACE = False
FAB_ALLOW_GET_UNSAFE_MUTATIONS = False

# --- Sign-in
AUTH_TYPE = 1  # user name and password in our database (flask_appbuilder.const.AUTH_DB)
AUTH_ROLE_ADMIN = "Admin"
AUTH_ROLE_PUBLIC = "Public"
AUTH_USER_REGISTRATION = False  # accounts are made by staff, or by our own sign-up
AUTH_RATE_LIMITED = False  # counters in memory are per process: failed sign-ins are counted in the database
RATELIMIT_ENABLED = False  # the same
SIGN_IN_ATTEMPTS = int(env("SERAI_SIGN_IN_ATTEMPTS") or 10)  # SERAI_SIGN_IN_ATTEMPTS; failures per account and address
SIGN_IN_WINDOW = int(env("SERAI_SIGN_IN_WINDOW") or 900)  # SERAI_SIGN_IN_WINDOW; seconds they are counted
FAB_PASSWORD_COMPLEXITY_ENABLED = False  # length matters; see app/security.py
FAB_UPDATE_PERMS = False  # only `./serai init` syncs permissions: two web processes at once would collide
FAB_CREATE_DB = False  # tables come from migrations

# --- Languages
APP_NAME = "Serai"
BABEL_DEFAULT_LOCALE = env("SERAI_LOCALE") or "en"  # SERAI_LOCALE; of a person whose browser names none of ours
BABEL_DEFAULT_TIMEZONE = "UTC"
BABEL_TRANSLATION_DIRECTORIES = str(ROOT / "translations")
LANGUAGES = {
    "en": {"flag": "gb", "name": "English"},
    "fa": {"flag": "ir", "name": "فارسی"},
    "ro": {"flag": "ro", "name": "Română"},
    "ru": {"flag": "ru", "name": "Русский"},
    "tr": {"flag": "tr", "name": "Türkçe"},
    "zh_Hans_CN": {"flag": "cn", "name": "简体中文"},
}

# --- What a page may load and do (arguments of flask_talisman.Talisman)
TALISMAN = {
    "force_https": HTTPS and flag("SERAI_FORCE_HTTPS", True),  # SERAI_FORCE_HTTPS; off when the proxy redirects
    "strict_transport_security": HTTPS,
    "session_cookie_secure": HTTPS,
    "session_cookie_samesite": "Lax",
    "frame_options": "SAMEORIGIN",
    "referrer_policy": "strict-origin-when-cross-origin",
    "content_security_policy": {
        "default-src": "'self'",
        "script-src": "'self'",
        "style-src": ["'self'", "'unsafe-inline'"],  # the framework's own style attributes carry no nonce
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'", "data:"],
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'self'",
    },
    "content_security_policy_nonce_in": ["script-src"],
}
