"""No English is left on any document or in any mail, in any language."""

import re
from itertools import islice

import pytest
from flask_appbuilder import Model
from flask_babel import force_locale
from sqlalchemy import select
from sqlalchemy.orm.attributes import set_committed_value

import app
from app.core.flow import FLOWS
from app.core.localized import Reader
from app.notices import core as notices
from app.notices import readers
from app.rules import links
from models.documents import BackgroundRun
from reports import core as reports
from reports.parts import Found
from tests.translations import english
from translations import update

app.load_engine()  # reports and notices name themselves when they are loaded
FOREIGN = [one for one in update.LOCALES if one != "en"]
ABOUT = {"work.accept": "order"}  # facts that are not about a record of the noun they begin with
LISTS = ("customer_list", "product_list")  # printed from what a search has found
MODELS = {mapper.class_.__tablename__: mapper.class_ for mapper in Model.registry.mappers}


@pytest.fixture
def context(demo, house):
    """The demo company in the open work of the house, with its languages."""
    with demo.site.app_context():
        yield house


def rows(work, table, most=3):
    model = MODELS[table]
    return work.session.scalars(select(model).order_by(model.id.desc()).limit(most)).all()


def check(texts, locale, entered, what):
    left = english.left(texts, locale, entered)
    assert left == set(), (what, left)


@pytest.mark.parametrize("locale", FOREIGN)
@pytest.mark.parametrize("name", sorted(reports.REPORTS))
def test_documents_speak_the_language(name, locale, context, entered):
    found = rows(context, reports.REPORTS[name].noun)
    if name in LISTS:
        found = [Found(found, "x", locale)]
    assert found, f"the demo company has nothing to print as {name}"
    for record in found:
        document = reports.build(name, record, Reader(locale))
        with force_locale(locale):
            check(english.strings(document), locale, entered, f"{name} {record}")
            check([str(reports.REPORTS[name].title)], locale, entered, name)


def told_about(notice, work):
    """Records a notice tells about, one of every kind that has a text of its own."""
    if not notice.facts:
        return [BackgroundRun(id=1, user_id=1, result_name="x.xlsx")]
    noun = ABOUT.get(notice.facts[0], notice.facts[0].partition(".")[0])
    found = rows(work, FLOWS[noun].model.__tablename__ if noun in FLOWS else f"{noun}s", most=40)
    if noun == "person":
        links.make(found[0].id, work)
    if noun == "invoice":
        set_committed_value(found[0], "type", "proforma")
    return found


@pytest.mark.parametrize("locale", FOREIGN)
@pytest.mark.parametrize("notice", notices.NOTICES.values(), ids=lambda one: f"{one.name}-{one.channel}")
def test_mails_speak_the_language(notice, locale, context, entered):
    reader = readers.Reader("x@example.com", "Ann Doe", locale, mobile="+440000")
    said = (notices._compose(notice, reader, record, "x", context) for record in told_about(notice, context))
    mails = list(islice((mail for mail in said if mail is not None), 2))
    assert mails, f"the demo company has no occasion for {notice.name}"
    for mail in mails:
        plain = re.sub(r"\[\[.*?\]\]|https?://\S+|\S+@\S+", "", mail.body).splitlines()
        pieces = [piece for line in plain for piece in line.split(": ", 1)]
        subject = [] if notice.channel == "sms" else [mail.subject]
        check([*subject, *pieces, *english.seen(mail.html)], locale, entered, notice.name)
