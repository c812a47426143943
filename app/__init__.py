"""The application: `create_app()` is the only place that knows every floor of the house."""

from importlib import import_module

# One word per capability, in dependency order. A capability is one noun on up to five floors:
# models/<noun>.py  app/rules/<noun>.py  reports/<noun>.py  app/notices/<noun>.py  views/<noun>.py
CAPABILITIES = (
    "organisation",
    "customers",
    "people",
    "list_choices",
    "wording",
    "files",
    "products",
    "stock",
    "approvals",
    "conversations",
    "log_entries",
    "ratings",
    "documents",
    "notifications",
    "orders",
    "assignment",
    "display_statuses",
    "order_changes",
    "order_checks",
    "order_receipt",
    "order_expiry",
    "order_deletion",
    "order_override",
    "order_proposals",
    "order_forms",
    "carts",
    "services",
    "wizard_drafts",
    "work_stages",
    "quotes",
    "quote_override",
    "contracts",
    "invoices",
    "payments",
    "order_merge",
    "order_unmerge",
    "order_split",
    "refund_proposals",
    "tickets",
)
FLOORS = ("models", "app.rules", "reports", "app.notices", "views")


def load(floor):
    """Import every capability's module on `floor`; a missing file is fine, a broken one is not."""
    found = []
    for noun in CAPABILITIES:
        name = f"{floor}.{noun}"
        try:
            found.append(import_module(name))
        except ModuleNotFoundError as error:
            if error.name not in (name, floor):
                raise
    return found


def load_engine():
    """Everything but the screens: what the worker, the shell and the migrations need."""
    for module in ("commit", "numbering", "settings"):
        import_module(f"app.core.{module}")
    for floor in FLOORS[:-1]:
        load(floor)
    import_module("app.core.together").begin()


def create_app(**settings):
    """The web application, every floor of it; touches no database."""
    load_engine()
    assemble = import_module("app.assemble")
    return assemble.web(settings, load)
