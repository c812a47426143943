"""What people and programs see. Screens that belong to no single noun are listed here."""

EXTRA = ("health", "runs", "portal", "lookups")  # modules beside the nouns, in the order they are registered
