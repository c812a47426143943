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


def on(table: str, records: dict, reader=None) -> str:
    """The condition that somebody sees the record a row hangs on, or is himself the `reader` of it.

    :param records: {noun: table of its records}
    """
    cases = " ".join(
        f"WHEN '{noun}' THEN EXISTS (SELECT 1 FROM \"{parent}\" p WHERE p.id = \"{table}\".record_id)"
        for noun, parent in records.items()
    )
    seen = f"CASE noun {cases} ELSE false END"
    return f"{reader} = nullif(current_setting('app.user', true), '')::bigint OR {seen}" if reader else seen


def look(table: str, branch: str) -> None:
    """Let branches see other rows of a table than so far; nothing is rewritten, the lock is short."""
    op.execute(f'DROP POLICY "{table}_branch" ON "{table}"')
    policy(table, "serai_branch", branch)


def owned(
    table: str, column="customer_id", *, branch=None, via=None, about=None, reader=None, writable=True,
    append_only=False,
) -> None:  # fmt: skip
    """Rows of a customer: see `app.core.scope.owned_by`."""
    if branch:
        seen = f"{branch} = {ids('branches')}"
    elif via:
        seen = f'EXISTS (SELECT 1 FROM "{via[1]}" p WHERE p.id = "{table}"."{via[0]}")'
    elif about:
        seen = on(table, about, reader)
    else:
        seen = f'{column} = 0 OR EXISTS (SELECT 1 FROM customers p WHERE p.id = "{table}"."{column}")'
    _enable(table, seen)
    policy(table, "serai_external", f"{column} = {ids('customers')}")
    rights = ("SELECT", "INSERT") if append_only else ("SELECT", "INSERT", "UPDATE", "DELETE")
    grant(table, STAFF, *rights)
    grant(table, "serai_external", *(rights if writable else ("SELECT",)))
    grant(table, "serai_none", "SELECT")  # and no policy: it may ask, and gets no row


def beside_others(table: str, *, audience=None, parent=None) -> str:
    """The condition of rows offered to more than customers of other branches; those offered to nobody yet included."""
    if parent:
        return f'EXISTS (SELECT 1 FROM "{parent[1]}" p WHERE p.id = "{table}"."{parent[0]}")'
    # a branch does not see those who are named of other branches, but has to know that somebody is
    op.execute(
        f"""CREATE OR REPLACE FUNCTION {audience}_any(record bigint) RETURNS boolean LANGUAGE sql STABLE
        SECURITY DEFINER SET search_path = public, pg_temp
        AS 'SELECT EXISTS (SELECT 1 FROM {audience} a WHERE a.record_id = record)'"""
    )
    op.execute(f"REVOKE EXECUTE ON FUNCTION {audience}_any(bigint) FROM PUBLIC")
    op.execute(f"GRANT EXECUTE ON FUNCTION {audience}_any(bigint) TO serai_branch")
    named = f'EXISTS (SELECT 1 FROM "{audience}" a WHERE a.record_id = "{table}".id)'
    return f'everyone OR {named} OR NOT {audience}_any("{table}".id)'


def offered(table: str, *, audience=None, parent=None, apart=False) -> None:
    """Rows for everyone, or for whom the audience table names."""
    _enable(table, beside_others(table, audience=audience, parent=parent) if apart else "true")
    if parent:
        seen = f'EXISTS (SELECT 1 FROM "{parent[1]}" p WHERE p.id = "{table}"."{parent[0]}")'
    else:
        seen = f'everyone OR EXISTS (SELECT 1 FROM "{audience}" a WHERE a.record_id = "{table}".id)'
    policy(table, "serai_external", seen, "SELECT")
    grant(table, STAFF, "SELECT", "INSERT", "UPDATE", "DELETE")
    grant(table, ("serai_none", "serai_external"), "SELECT")


NAMED = "access_group_id IS NOT NULL OR EXISTS (SELECT 1 FROM customers p WHERE p.id = customer_id)"


def audience(table: str) -> None:
    """Who is named to see the rows of an offered table; a branch sees which of its own customers are."""
    _enable(table, NAMED)
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


def staff_only(table: str, *, branch=None, about=None) -> None:
    """Staff alone; others may ask, but no policy names them, so they get no row."""
    _enable(table, f"{branch} = {ids('branches')}" if branch else on(table, about) if about else "true")
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
