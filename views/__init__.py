"""What people and programs see. Screens that belong to no single noun are listed here."""

EXTRA = (
    "health",
    "home",
    "my_work",
    "runs",
    "portal",
    "messages",
    "credit_notes",
    "statements",
    "lookups",
    "price_lists",
    "categories",
    "attachments",
    "desk",
    "search",
    "roles",
    "access_groups",
    "settings",
    "profile",
    "passwords",
    "unread",
)  # modules beside the nouns, in the order they are registered

MENU = (
    "home",
    "my_work",
    "portal",
    "Sales",
    "Billing",
    "Service",
    "Catalogue",
    "Stock",
    "Administration",
    "Security",
)  # sections in order
