"""Whether `init` has anything to do. Most starts find code and database as the last one left them.

What `init` writes depends on the code alone: permissions of the screens, managed roles, seeded rows. So it notes a
fingerprint of the code and of what it wrote. While both are the same, a start skips it and need not load the
application. A role or permission that anybody touched meanwhile, by a screen or by SQL, or a database restored from
elsewhere, has another fingerprint, and `init` runs in full.

Light on purpose, like `app.launch`: nothing here imports the application.
"""

import hashlib
import sys
from importlib.metadata import version

import psycopg

import config
from app import database

FOLDERS = ("app", "models", "views", "reports", "migrations")
FILES = ("config.py", "requirements.txt")
LIBRARIES = ("flask-appbuilder", "alembic")  # they name permissions and run revisions
_STATE = """select coalesce(md5(string_agg(line, e'\\n' order by line collate "C")), '') from (
  select concat_ws('|', 'role', r.id, r.name, p.name, v.name) as line from ab_role r
    left join ab_permission_view_role g on g.role_id = r.id
    left join ab_permission_view o on o.id = g.permission_view_id
    left join ab_permission p on p.id = o.permission_id left join ab_view_menu v on v.id = o.view_menu_id
    where r.name not like 'personal:%'
  union all select concat_ws('|', 'offered', p.name, v.name) from ab_permission_view o
    join ab_permission p on p.id = o.permission_id join ab_view_menu v on v.id = o.view_menu_id
  union all select concat_ws('|', 'revision', version_num) from alembic_version) as found"""


def code(root=config.ROOT):
    """The fingerprint of everything that decides what `init` writes."""
    found = hashlib.sha256(" ".join([sys.version, *(version(one) for one in LIBRARIES)]).encode())
    paths = [root / name for name in FILES]
    for folder in FOLDERS:
        paths += sorted((root / folder).rglob("*.py"))
    for path in paths:
        found.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return found.hexdigest()


def fingerprint(connection):
    """Code and database as they are: what `init` wrote, and the revision it wrote it for."""
    state = database.raw(connection).execute(_STATE).fetchone()[0]
    return hashlib.sha256(f"{code()} {state}".encode()).hexdigest()


def remember(url, mark):
    """Note, as the last thing `init` does, what it has prepared the database for."""
    with database.connect(url) as connection:
        connection.execute("update access_stamp set prepared = %s", [mark])


def already(url):
    """Whether everything is as `init` left it; the database's roles are made where they are missing.

    :raises Trouble: as `database.ensure_roles`
    """
    with database.connect(url) as connection:
        try:
            noted = connection.execute("select prepared from access_stamp").fetchone()
            same = noted is not None and noted[0] == fingerprint(connection)
        except psycopg.Error:
            return False  # empty, older or broken: `init` runs, and says what is wrong in its own words
        if same:
            database.ensure_roles(connection)
        return same
