"""Database, framework, forms: created without an app, bound in `create_app`."""

from flask_appbuilder import SQLA, AppBuilder
from flask_wtf.csrf import CSRFProtect

db = SQLA()
appbuilder = AppBuilder()
csrf = CSRFProtect()
