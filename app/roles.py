"""Who may do what, on one page. `init` resets these managed roles; administrators copy them or make others."""

from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import text

from app.access import view_name
from app.rules import permissions

R, W, D = "read", "write", "delete"
RW, RWD = (R, W), (R, W, D)
ORDER_FORM = (*RWD, "check", "order")
WIZARD = (*RWD, "confirm")
JOIN = ("merge", "unmerge", "split")
CART = (*RWD, "order", "save", "activate", "clear", "merge")
EXPERT = (R, "take", "hand_over", "show", "finish", "check")
LOG, RATE = (*RW, "publish"), RW
QUOTE = ("submit", "take", "price", "publish", "revise", "reopen", "cancel", "convert", "copy")

STAFF_READ = dict.fromkeys((
    "customer", "product", "price_list", "category", "order", "quote", "contract", "invoice", "payment", "ticket",
    "file", "warehouse", "stock_level", "message", "document", "notification", "home", "run", "profile",
    "address", "contact", "attachment", "price", "unit_factor", "tag", "search", "service", "work", "wizard_draft",
    "display_status", "log_entry", "rating",
), (R,))  # fmt: skip

ROLES = {
    "Reviewer": STAFF_READ | {
        "order_form": ORDER_FORM, "cart": CART, "wizard_draft": WIZARD, "work": EXPERT,
        "order": (*RWD, "submit", "copy", "approve", "reject", "cancel", "assign", "complete", "release", "amend",
                  "reconfirm", "correct", "propose", "answer", "withdraw", "request_deletion", "set_status", *JOIN),
        "quote": (*RWD, *QUOTE, "review", "rework", "agree"),
        "contract": (*RW, "submit", "approve", "reject", "renew", "terminate"),
        "invoice": RW, "ticket": (*RW, "take", "answer", "resolve", "reopen", "close"),
        "customer": RW, "file": RW, "message": RW, "notification": (R, "resend"), "stock_movement": (R,),
        "address": RWD, "contact": RWD, "attachment": RWD, "access_group": (R,), "log_entry": LOG, "rating": RATE,
    },
    "Supervisor": STAFF_READ | {
        "order_form": ORDER_FORM, "cart": CART, "wizard_draft": WIZARD, "work": (*EXPERT, "approve", "request_changes"),
        "order": (*RWD, "submit", "copy", "approve", "reject", "cancel", "assign", "complete", "release", "amend",
                  "reconfirm", "correct", "propose", "answer", "withdraw", "request_deletion", "approve_deletion",
                  "refuse_deletion", "supervise", "override", "set_status", *JOIN),
        "quote": (*RWD, *QUOTE, "review", "rework", "agree", "accept", "reject", "expire", "override"),
        "contract": (*RW, "submit", "approve", "reject", "renew", "terminate"),
        "invoice": (*RW, "issue", "cancel"), "ticket": (*RW, "take", "answer", "resolve", "reopen", "close"),
        "customer": RWD, "approval_rule": RWD, "assignment_rule": RWD, "display_status": RWD,
        "file": RWD, "message": RW,
        "notification": (R, "resend"),
        "stock_movement": (R,), "address": RWD, "contact": RWD, "attachment": RWD, "access_group": (R,),
        "log_entry": LOG, "rating": RATE, "refund_proposal": (R,),
    },
    "Finance": STAFF_READ | {
        "invoice": (*RWD, "issue", "cancel"), "payment": (*RW, "report", "confirm", "refuse", "refund"),
        "exchange_rate": RWD, "message": RW, "notification": (R, "resend"), "attachment": RW,
        "refund_proposal": (R, "confirm", "dismiss"), "log_entry": LOG,
    },
    "Warehouse": STAFF_READ | {
        "stock_movement": RW, "warehouse": RWD, "order": (R, "release", "complete", "set_status"), "message": RW,
        "attachment": RW, "log_entry": LOG, "rating": RATE,
    },
    "Support": STAFF_READ | {
        "ticket": (*RWD, "take", "answer", "resolve", "reopen", "close"), "file": RW, "message": RW,
        "quote": (*RW, *QUOTE), "order_form": ORDER_FORM, "cart": CART, "wizard_draft": WIZARD, "work": EXPERT,
        "order": (*RW, "submit", "copy", "cancel", "assign", "set_status"),
        "notification": (R, "resend"), "attachment": RW,
        "access_group": (R,), "log_entry": LOG, "rating": RATE,
    },
    "Editor": STAFF_READ | {
        "product": RWD, "category": RWD, "price_list": RWD, "price": RWD, "unit_factor": RWD, "file": RWD,
        "access_group": (R,),
        "desk": RW, "tag": RWD, "attachment": RW, "service": (*RWD, "publish", "withdraw"),
    },
    "Customer": {
        "portal": (R,), "order_form": ORDER_FORM, "cart": CART, "service": (R,), "wizard_draft": WIZARD,
        "work": (R, "approve", "request_changes"),
        "order": (*RWD, "submit", "copy", "cancel", "release", "receive", "amend", "reconfirm", "correct",
                  "propose", "answer", "withdraw", *JOIN),
        "log_entry": (R,), "rating": RATE,
        "quote": (*RWD, "submit", "accept", "reject", "counter", "cancel", "convert", "copy"), "product": (R,),
        "contract": (R,), "invoice": (R,), "payment": (*RW, "report"), "ticket": (*RW, "reopen", "close"),
        "file": (R,), "message": RW, "document": (R,), "run": (R,), "profile": (R,), "price_list": (R,),
        "customer": (R,), "notification": (R,), "category": (R,), "price": (R,), "address": RW, "contact": (R,),
        "attachment": RW, "search": (R,),
    },
}  # fmt: skip
# accounts, settings and the field matrix are the administrator's (ACC-27, ACC-31, X-12)
ADMIN_ONLY = ("person", "role", "group", "setting", "field_rule")
permissions.managed.update(ROLES)


def wanted(role):
    """The framework's (permission, view) pairs of a managed role, without menus."""
    pairs = {(f"can_{verb}", view_name(noun)) for noun, verbs in ROLES[role].items() for verb in verbs}
    return pairs | set(permissions.EVERYBODY)


def available(appbuilder):
    """Every (permission, view) pair the code offers, and for each menu item the view behind it."""
    pairs, menus = set(), {}
    for view in appbuilder.baseviews:
        pairs |= {(one, view.class_permission_name) for one in view.base_permissions or ()}

    def walk(items, parents=()):
        for item in items:
            if item.name == "-":
                continue
            pairs.add(("menu_access", item.name))
            view = getattr(item.baseview, "class_permission_name", None)
            menus.setdefault(item.name, set()).add(view)
            for parent in parents:
                menus.setdefault(parent, set()).add(view)
            walk(item.childs, (*parents, item.name))

    walk(appbuilder.menu.get_list())
    return pairs, menus


def sync(appbuilder, session):
    """Write the permissions the code offers and reset the managed roles: a handful of statements."""
    pairs, menus = available(appbuilder)
    connection = session.connection()
    for table, names in (("ab_permission", {p for p, _ in pairs}), ("ab_view_menu", {v for _, v in pairs})):
        connection.execute(
            text(f"insert into {table} (name) select unnest(cast(:names as text[])) on conflict do nothing"),
            {"names": sorted(names)},
        )
    connection.execute(
        text("""insert into ab_permission_view (permission_id, view_menu_id)
        select p.id, v.id from unnest(cast(:p as text[]), cast(:v as text[])) as one(p, v)
        join ab_permission p on p.name = one.p join ab_view_menu v on v.name = one.v on conflict do nothing"""),
        {"p": [p for p, _ in sorted(pairs)], "v": [v for _, v in sorted(pairs)]},
    )
    _reset(session, "Admin", pairs)
    _reset(session, "Public", set())
    for role in ROLES:
        mine = wanted(role) & pairs
        _reset(session, role, mine | {("menu_access", name) for name in shown(mine, menus)})
    for role in session.query(Role).filter(Role.name.not_in(permissions.managed)):  # the menu may have changed
        mine = permissions.of_roles([role]) & pairs
        _reset(session, role.name, mine | {("menu_access", name) for name in shown(mine, menus)})


def shown(pairs, menus):
    """The menu items that go with permissions: those whose screen may be read."""
    views = {view for permission, view in pairs if permission in ("can_read", "can_list", "can_show")}
    return {name for name, behind in menus.items() if behind & views}


def _reset(session, name, pairs):
    role = session.query(Role).filter_by(name=name).one_or_none()
    if role is None:
        role = Role(name=name)
        session.add(role)
        session.flush()
    connection = session.connection()
    ids = connection.execute(
        text("""select pv.id from ab_permission_view pv join ab_permission p on p.id = pv.permission_id
        join ab_view_menu v on v.id = pv.view_menu_id
        join unnest(cast(:p as text[]), cast(:v as text[])) as one(p, v) on one.p = p.name and one.v = v.name"""),
        {"p": [p for p, _ in pairs], "v": [v for _, v in pairs]},
    ).scalars().all()  # fmt: skip
    has = set(
        connection.execute(
            text("select permission_view_id from ab_permission_view_role where role_id = :r"), {"r": role.id}
        ).scalars()
    )
    if has == set(ids):
        return
    connection.execute(text("delete from ab_permission_view_role where role_id = :r"), {"r": role.id})
    connection.execute(
        text(
            "insert into ab_permission_view_role (permission_view_id, role_id) "
            "select unnest(cast(:ids as int[])), :r"
        ),
        {"ids": list(ids), "r": role.id},
    )


