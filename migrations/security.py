"""Row security and grants, as migrations write them: who sees which rows of a table.

The four roles: serai_none sees nothing of anybody, serai_staff everything, serai_branch the rows of
its branches, serai_external those of its customers. Row security is enabled, never forced: the
owner migrates data and takes backups.
"""

from alembic import op

STAFF = ("serai_staff", "serai_branch")
ALL = ("serai_none", *STAFF, "serai_external")


def ids(name: str) -> str:
    """The ids of the open transaction's scope: app.customers, app.branches or app.groups."""
    return f"any((select string_to_array(nullif(current_setting('app.{name}', true), ''), ','))::bigint[])"


def grant(table: str, roles, *rights: str) -> None:
    """Give `rights` on a table; inserting includes the use of its identity sequence."""
    op.execute(
        f'GRANT {", ".join(rights)} ON "{table}" TO {", ".join([roles] if isinstance(roles, str) else roles)}'
    )


def policy(table: str, role: str, using: str, commands: str = "ALL") -> None:
    """One policy: rows of `table` that satisfy `using` are there for `role`."""
    name = f"{table}_{role.removeprefix('serai_')}"[:60]
    check = f" WITH CHECK ({using})" if commands == "ALL" else ""
    op.execute(f'CREATE POLICY "{name}" ON "{table}" FOR {commands} TO {role} USING ({using}){check}')


def _enable(table: str, branch: str) -> None:
    op.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')
    policy(table, "serai_staff", "true")
    policy(table, "serai_branch", branch)


def owned(
    table: str, column="customer_id", *, branch=None, via=None, writable=True, append_only=False
) -> None:
    """Rows of a customer: see `app.core.scope.owned_by`."""
    if branch:
        seen = f"{branch} = {ids('branches')}"
    elif via:
        seen = f'EXISTS (SELECT 1 FROM "{via[1]}" p WHERE p.id = "{table}"."{via[0]}")'
    else:
        seen = f'{column} = 0 OR EXISTS (SELECT 1 FROM customers p WHERE p.id = "{table}"."{column}")'
    _enable(table, seen)
    policy(table, "serai_external", f"{column} = {ids('customers')}")
    rights = ("SELECT", "INSERT") if append_only else ("SELECT", "INSERT", "UPDATE", "DELETE")
    grant(table, STAFF, *rights)
    grant(table, "serai_external", *(rights if writable else ("SELECT",)))
    grant(table, "serai_none", "SELECT")  # and no policy: it may ask, and gets no row


def offered(table: str, *, audience=None, parent=None) -> None:
    """Rows for everyone, or for whom the audience table names."""
    _enable(table, "true")
    if parent:
        seen = f'EXISTS (SELECT 1 FROM "{parent[1]}" p WHERE p.id = "{table}"."{parent[0]}")'
    else:
        seen = f'everyone OR EXISTS (SELECT 1 FROM "{audience}" a WHERE a.record_id = "{table}".id)'
    policy(table, "serai_external", seen, "SELECT")
    grant(table, STAFF, "SELECT", "INSERT", "UPDATE", "DELETE")
    grant(table, ("serai_none", "serai_external"), "SELECT")


def audience(table: str) -> None:
    """Who is named to see the rows of an offered table."""
    _enable(table, "true")
    policy(
        table,
        "serai_external",
        f"customer_id = {ids('customers')} OR access_group_id = {ids('groups')}",
        "SELECT",
    )
    grant(table, STAFF, "SELECT", "INSERT", "UPDATE", "DELETE")
    grant(table, ("serai_none", "serai_external"), "SELECT")


def shared(table: str) -> None:
    """Everybody reads, staff write."""
    grant(table, STAFF, "SELECT", "INSERT", "UPDATE", "DELETE")
    grant(table, ("serai_none", "serai_external"), "SELECT")


def staff_only(table: str, *, branch=None) -> None:
    """Staff alone; others may ask, but no policy names them, so they get no row."""
    _enable(table, f"{branch} = {ids('branches')}" if branch else "true")
    grant(table, STAFF, "SELECT", "INSERT", "UPDATE", "DELETE")
    grant(table, ("serai_none", "serai_external"), "SELECT")


def infrastructure(table: str, **rights: str) -> None:
    """The machinery's: staff have all, the others exactly what is said: `none="SELECT, INSERT"`."""
    grant(table, STAFF, "SELECT", "INSERT", "UPDATE", "DELETE")
    for role, given in rights.items():
        grant(table, f"serai_{role}", given)


def forget(*tables: str) -> None:
    """Drop every policy of the tables: one may look at another table that goes before it."""
    for table in tables:
        op.execute(
            f"""DO $$ DECLARE one name; BEGIN
            FOR one IN SELECT policyname FROM pg_policies WHERE schemaname = 'public' AND tablename = '{table}' LOOP
                EXECUTE format('DROP POLICY %I ON %I', one, '{table}');
            END LOOP; END $$"""
        )
