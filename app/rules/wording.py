"""The words of portals for states: presets of the manuals as rows an administrator edits (X-17, Appendix A)."""

from flask_babel import get_locale
from flask_babel import lazy_gettext as _l
from sqlalchemy import inspect, select

from app.core import kept, state_words
from app.core.errors import BusinessError
from app.core.flow import FLOWS
from app.core.localized import LOCALES
from app.core.work import current_or_none
from app.rules.organisation import MANUALS
from models.customers import Customer
from models.wording import StateWord

# The manuals' own terms, each in the language of its manual (catalogue, Appendix A).
PRESETS = {
    "S0": {"order.submitted": "در حال بررسی کارشناس", "order.confirmed": "پیش‌فاکتور صادر شد",
           "order.released": "در لیست انجام کار", "order.completed": "کار انجام شد"},
    "S1": {"quote.accepted": "Ofertă acceptată", "quote.rejected": "Ofertă respinsă"},
    "S2": {"order.submitted": "待审核", "order.confirmed": "已确认", "order.released": "处理中",
           "order.completed": "已完成", "order.cancelled": "已取消", "contract.submitted": "待审核",
           "contract.active": "服务期内", "contract.expired": "已到期"},
    "S3": {"order.changed": "Изменен", "order.confirmed": "Подтвержден менеджером", "order.released": "На склад",
           "order.completed": "Отгружен", "order.cancelled": "Удален"},
    "S4": {"order.confirmed": "İşlemde", "order.released": "İşlemde"},
}  # fmt: skip
LONGEST = 60


@state_words.looked_up_by
def word(noun, code, portal):
    """What the portal of the reader calls a state; None where it has no word of its own in his language.

    :param portal: the portal that is spoken to; None: that of whoever acts
    """
    work = current_or_none()
    if work is None or not work.session.is_active:  # a refusal is told while its transaction is broken
        return None
    known = kept.get(work, "state_words", _read)
    if not known:
        return None
    portal = portal or _portal_of(work)
    return known.get((portal, noun, code), {}).get(str(get_locale()))


def _read(work):
    with work.session.no_autoflush:
        rows = work.session.execute(select(StateWord.portal_id, StateWord.noun, StateWord.state, StateWord.texts))
        return {(portal, noun, state): dict(texts) for portal, noun, state, texts in rows}


def _portal_of(work):
    """The portal of the customers somebody acts for, of several the first that has one; staff have none."""
    if work.actor.inside or not work.actor.customers:
        return None
    if "portal" not in work.cache:
        mine = select(Customer.portal_id).where(
            Customer.id.in_(work.actor.customers), Customer.portal_id.is_not(None)
        )
        with work.session.no_autoflush:
            work.cache["portal"] = work.session.scalars(mine.order_by(Customer.id).limit(1)).first()
    return work.cache["portal"]


def spoken(work):
    """The portal whose words whoever acts is shown; None where every word is our own."""
    if work.actor.inside or not work.actor.customers or not work.session.is_active:
        return None
    return _portal_of(work) if kept.get(work, "state_words", _read) else None


def portal_of(record):
    """The portal of a record's customer: the words of its mails and documents."""
    customer = getattr(record, "customer", None)
    return getattr(customer, "portal_id", None)


def check_portal(portal, work):
    """Another preset brings its words as rows in place of the earlier ones; words stay one's own from then on."""
    state = inspect(portal)
    if state.persistent and not state.attrs.preset.history.has_changes():
        return
    with work.session.no_autoflush:
        portal.words.clear()
        work.session.flush()
        portal.words.extend(preset(portal.preset))
    forget(work)


def preset(code):
    """The words of a manual as new rows."""
    locale, words = MANUALS.get(code, "en"), PRESETS.get(code, {})
    pairs = ((name.split("."), text) for name, text in words.items())
    return [StateWord(noun=noun, state=state, texts={locale: text}) for (noun, state), text in pairs]


def check_word(row, work):
    """A word is for a state that there is, in at least one language.

    :raises BusinessError: 'unknown_state', 'text_missing', 'text_long', 'word_exists'
    """
    flow = FLOWS.get(row.noun)
    if flow is None or row.state not in flow.states:
        raise BusinessError("unknown_state", _l("There is no such state."), field="state")
    texts = {locale: text.strip() for locale, text in (row.texts or {}).items() if locale in LOCALES and text.strip()}
    if not texts:
        raise BusinessError("text_missing", _l("Fill in the word in at least one language."), field="texts")
    if max(map(len, texts.values())) > LONGEST:
        raise BusinessError("text_long", _l("A word has at most %(count)s letters.", count=LONGEST), field="texts")
    row.texts = texts
    same = select(StateWord.id).where(StateWord.portal_id == (row.portal_id or row.portal.id),
                                      StateWord.noun == row.noun, StateWord.state == row.state)  # fmt: skip
    with work.session.no_autoflush:
        other = work.session.scalar(same)
    if other is not None and other != row.id:
        raise BusinessError("word_exists", _l("This portal has a word for this state already."), field="state")
    forget(work)


def forget(work):
    """What is written now is read anew within this unit of work; elsewhere the stamp says so."""
    work.cache.pop("state_words", None)
