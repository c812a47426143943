"""Services an administrator designs: their definition, what is wrong with it, and its published versions (CRT-09).

A definition is plain data (docs/services.md): steps with fields, a price rule, work stages. Every node has a `key`
that programs and orders know it by, and `names` in the languages of the house.
"""

import re
from copy import deepcopy

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext as _lp
from flask_babel import ngettext
from sqlalchemy import func, select

from app.core import history, scope
from app.core.errors import BusinessError
from app.core.flow import Flow
from app.core.localized import LOCALES, pick
from app.rules import service_design as design
from app.rules import service_price
from models.services import Service, ServiceVersion

CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")

FLOW = Flow(
    Service,
    "service",
    states={
        "draft": _lp("service", "Draft"),
        "published": _lp("service", "Published"),
        "withdrawn": _lp("service", "Withdrawn"),
    },
    settable=False,
)


@scope.narrow(Service)
def visible_to(actor):
    """A customer finds what is published, not what is being designed."""
    return Service.state == "published"


# --- what may be saved -------------------------------------------------------------------------


def check(service, work):
    """What a service must be before it is saved.

    :raises BusinessError: naming the field: 'bad_code', 'code_taken', 'name_missing', 'product_missing'
    """
    service.code = (service.code or "").strip().lower()
    if not CODE.fullmatch(service.code):
        text = _l("A code has 1 to 40 Latin letters, digits and the signs - and _ only.")
        raise BusinessError("bad_code", text, field="code")
    service.names = {one: text for one, text in (service.names or {}).items() if one in LOCALES and text.strip()}
    if not service.names:
        raise BusinessError("name_missing", _l("Give a name in at least one language."), field="names")
    with work.session.no_autoflush:
        if service.product is None and service.product_id is None:
            raise BusinessError("product_missing", _l("Choose the product that its orders sell."), field="product")
        if service.currency is None and service.currency_code is None:
            raise BusinessError("currency_missing", _l("Choose a currency."), field="currency")
        _check_code(service, work)
    if not service.draft:
        service.draft = design.empty()


def _check_code(service, work):
    other = work.session.scalar(select(Service.id).where(Service.code == service.code))
    if other is not None and other != service.id:
        text = _l("There is a service with the code %(code)s already.", code=service.code)
        raise BusinessError("code_taken", text, field="code")


def redesign(service, definition, work, part=""):
    """Write the definition that is being worked on; customers see it once it is published.

    :param definition: from a door; checked and cleaned here
    :param part: what of it was changed, for the history: step, field, choice, stage, price
    :raises BusinessError: 'bad_definition' naming the place
    """
    service.draft = design.clean(definition)
    history.record(work, service, work.action, part=part or "definition")
    work.session.flush()


def remove(service, work):
    """Delete a service that was never published; any other is withdrawn instead.

    :raises BusinessError: 'service_published'
    """
    if service.published_id is not None:
        text = _l("This service has been published. Withdraw it instead.")
        raise BusinessError("service_published", text)
    work.session.delete(service)
    work.session.flush()
    return "deleted"


# --- publishing --------------------------------------------------------------------------------


def sound(service, work):
    """A definition is published only when customers can fill it in and we can price it."""
    found = problems(service)
    if found:
        place, text = found[0]
        where = _l("%(place)s: %(problem)s", place=place, problem=text) if place else text
        raise BusinessError("bad_definition", where, problems=[str(one) for _place, one in found])


def problems(service):
    """What is still wrong with the definition being worked on: [(place in words, sentence)]."""
    definition = service.draft or design.empty()
    return design.problems(definition) + service_price.problems(definition, service.product)


def changed(service, work):
    """Publishing the same thing twice makes no version."""
    current = current_version(service, work)
    if service.state == "published" and current is not None and _same(service, current):
        raise BusinessError("nothing_changed", _l("Nothing has changed since the last version."))


def _same(service, version):
    names = ("names", "product_id", "order_type_id", "currency_code")
    return service.draft == version.definition and all(getattr(service, n) == getattr(version, n) for n in names)


@FLOW.transition(
    "publish", source={"draft", "published", "withdrawn"}, target="published", icon="fa-bullhorn", style="primary",
    label=_lp("service", "Publish"), guards=(sound, changed),
    ask=_l("Publish the service? New orders use this version; orders made before keep theirs."),
    ask_many=lambda many, count: ngettext(
        "Publish %(count)s service? New orders use this version; orders made before keep theirs.",
        "Publish %(count)s services? New orders use these versions; orders made before keep theirs.",
        many, count=count,
    ),
)  # fmt: skip
def publish(service, work):
    """Freeze the definition as the next version and offer it to customers."""
    last = work.session.scalar(
        select(func.max(ServiceVersion.number)).where(ServiceVersion.service_id == service.id)
    )
    made = ServiceVersion(
        service_id=service.id, number=(last or 0) + 1, names=dict(service.names), product_id=service.product_id,
        order_type_id=service.order_type_id, currency_code=service.currency_code, definition=deepcopy(service.draft),
    )  # fmt: skip
    work.session.add(made)
    work.session.flush()
    service.published_id = made.id
    work.session.expire(service, ["versions"])


@FLOW.transition(
    "withdraw", source={"published"}, target="withdrawn", icon="fa-eye-slash", style="danger",
    label=_lp("service", "Withdraw"), ask=_l("Stop offering the service? Orders made before keep their version."),
    ask_many=lambda many, count: ngettext(
        "Stop offering %(count)s service? Orders made before keep their version.",
        "Stop offering %(count)s services? Orders made before keep their version.",
        many, count=count,
    ),
)  # fmt: skip
def withdraw(service, work):
    """Offer the service no longer. What was begun can still be ordered."""


def current_version(service, work):
    """The version that customers fill in now; None while nothing was published."""
    return work.session.get(ServiceVersion, service.published_id) if service.published_id else None


def name(edition, locale):
    """What a service is called in a language."""
    return pick(edition.names, locale)
