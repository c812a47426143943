"""Database, framework, forms: created without an app, bound in `create_app`."""

from flask_appbuilder import AppBuilder
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import CSRFProtect

db = SQLAlchemy()
appbuilder = AppBuilder()
csrf = CSRFProtect()
