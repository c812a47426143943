"""What managed roles are called: their names are keys of the code, which people read in their language."""

from flask_babel import lazy_pgettext as _lp

WORDS = {
    "Admin": _lp("role", "Administrator"), "Manager": _lp("role", "Manager"), "Reviewer": _lp("role", "Reviewer"),
    "Supervisor": _lp("role", "Supervisor"), "Finance": _lp("role", "Finance"),
    "Warehouse": _lp("role", "Warehouse"), "Support": _lp("role", "Support"), "Editor": _lp("role", "Editor"),
    "Customer": _lp("role", "Customer"), "Public": _lp("role", "Public"),
}  # fmt: skip


def role_word(name):
    """A role as people call it; what an administrator named himself stays as he named it."""
    return str(WORDS.get(name, name))
