"""Commands of the shell that need the application: the launcher brings a database and calls `main`."""

import getpass
import inspect
import os
import secrets
import sys

import click
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select

import app
import config
from app import access, prepared, setup
from app.core import passwords, work
from app.core.errors import BusinessError, NotFound
from app.core.flow import FLOWS
from app.extensions import db
from app.trouble import Trouble

SUBSETS = {"credit_note": ("invoice", {"type": "credit_note"})}  # nouns that are some of the records of another


def prepared_application(make=False):
    """The web application, for commands that read or write the business.

    :param make: whether an empty database is prepared first, as `init` does
    :raises Trouble: it is not prepared
    """
    standing = setup.standing(config.DATABASE_OWNER_URL)
    if make and standing == "new":
        return prepare()
    if standing != "ready":
        raise Trouble("The database is not prepared for this version of Serai. Run ./serai init first.")
    return app.create_app()


def shell_source():
    """Who sits at the shell, for the history."""
    try:
        return f"shell:{getpass.getuser()}"
    except (KeyError, OSError):
        return f"shell:{os.getuid()}"


@click.group()
def main():
    """Customer portal and order desk."""


@main.command()
@click.option("--demo", is_flag=True, help="fill an empty database with the demo company")
def init(demo):
    """Make database roles, run migrations, sync permissions; safe to run twice and at the same time."""
    prepare(demo)


def prepare(demo=False):
    """What `init` does; returns the web application."""
    setup.prepare(config.DATABASE_OWNER_URL)
    web = app.create_app()
    mark = setup.sync_permissions(config.DATABASE_OWNER_URL, web)
    with web.app_context(), work.work(work.Actor.system("init"), db.session, source=shell_source()) as one:
        if setup.users(one) == 0:
            _first_users(web, one, demo)
    prepared.remember(config.DATABASE_OWNER_URL, mark)  # last: a start that was cut short begins again
    return web


def _first_users(web, one, demo):
    given = web.config["DEMO_PASSWORD"] if demo else ""
    password = web.config["ADMIN_PASSWORD"] or given or secrets.token_urlsafe(12)
    if demo:
        from demo import company

        demo_password = given or password
        if passwords.fault(demo_password):
            click.echo(f"serai: SERAI_DEMO_PASSWORD has fewer than {passwords.AT_LEAST} characters: "
                       "let nobody reach this demo who should not.", err=True)  # fmt: skip
        company.fill(one, demo_password)
        if not given:
            click.echo(f"Password of every demo user: {demo_password}")
        if not web.config["ADMIN_PASSWORD"]:
            password = demo_password
    setup.create_admin(one, password, passwords.AT_LEAST_IN_DEMO if demo else passwords.AT_LEAST)
    if not demo and not web.config["ADMIN_PASSWORD"]:
        click.echo(f"User admin, password: {password}")


@main.command()
@click.argument("noun")
@click.argument("verb")
@click.argument("ids", nargs=-1, type=int, required=True)
@click.option("--as", "user", help="act as this user (default: the system)")
def flow(noun, verb, ids, user):
    """Run a transition on records; exit 1 when any was refused."""
    with prepared_application().app_context():
        whole, only = SUBSETS.get(noun.removesuffix("s"), (noun, {}))
        chart = FLOWS.get(whole) or FLOWS.get(whole.removesuffix("s"))
        if chart is None or verb not in chart.transitions:
            click.echo(f"There is no step {noun} {verb}.", err=True)
            sys.exit(2)
        actor = _actor(user)
        try:
            with work.work(actor, db.session, source=shell_source()):
                _refuse_bare(chart.transitions[verb])
                others = _others(chart.model, only, ids)
                outcome = chart.run(verb, [one for one in ids if one not in others])
                for row in outcome.done:
                    click.echo(f"{row.id} {row}: {verb}")
                for made in outcome.made:
                    click.echo(f"made: {made.id} {made}")
                missing = NotFound("not_found", _l("There is no such record."))
                refused = [(one, missing.code, str(missing.message)) for one in sorted(others)]
                refused += [(one.id, one.error.code, str(one.error.message)) for one in outcome.refused]
        except BusinessError as error:
            refused = [(one, error.code, str(error.message)) for one in ids]
        for identity, code, message in refused:
            click.echo(f"{identity} {code}: {message}", err=True)
        sys.exit(1 if refused else 0)


def _others(model, only, ids):
    """Those of the ids that are records, but none of the noun: credit notes are some of the invoices."""
    if not only:
        return frozenset()
    known = [one for one in ids if 0 < one < 2**63]
    mine = db.session.scalars(select(model.id).filter_by(**only).where(model.id.in_(known)))
    return frozenset(known) - frozenset(mine)


def _refuse_bare(step):
    """A shell gives no data: refuse a step that cannot be taken without, in the words of its form.

    :raises BusinessError: 'bad_data' naming each field
    """
    given = list(inspect.signature(step.effect).parameters.values())[2:]  # after the record and the work
    form = step.form() if step.form else None
    if form is None or all(one.default is not one.empty or one.kind is one.VAR_KEYWORD for one in given):
        return
    form.validate()
    fields = {name: "; ".join(map(str, told)) for name, told in form.errors.items()}
    raise BusinessError("bad_data", next(iter(fields.values())), fields=fields)


def _actor(user):
    if user is None:
        return work.Actor.system("shell")
    from flask_appbuilder.security.sqla.models import User

    with work.work(work.Actor.system("shell"), db.session, commit=False):
        found = db.session.scalar(select(User.id).where(func.lower(User.username) == user.lower()))
        if found is None:
            click.echo(f"There is no user {user}.", err=True)
            sys.exit(1)
        return access.actor_of(found, db.session)


@main.command(name="import")
@click.argument("source", type=click.Choice(["online-retail"]))
@click.argument("file", type=click.Path())
@click.option("--report", type=click.Path(dir_okay=False), help="write one csv row per refused line")
@click.option("--open-days", type=click.IntRange(min=0), default=3, show_default=True)
def import_(source, file, report, open_days):
    """Import order lines; running it twice changes nothing the second time."""
    from app.imports import online_retail

    if not os.path.isfile(file):
        click.echo(f"There is no file {file}.", err=True)
        sys.exit(1)
    with prepared_application(make=True).app_context():
        sys.exit(online_retail.command(file, report, open_days, shell_source()))


@main.command()
@click.option("--orders", type=click.IntRange(min=1), required=True)
def load(orders):
    """Fill the demo or an empty database with generated orders, for load tests."""
    from demo import generator

    with prepared_application(make=True).app_context():
        sys.exit(generator.command(orders, shell_source()))


@main.command()
def check():
    """Check database, roles, migrations, jobs, storage, mail, ledger and stock sums; exit 1 if something is wrong."""
    from app import checks

    with prepared_application().app_context():
        sys.exit(checks.command())
