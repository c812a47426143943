"""Texts of the product in six languages: `messages.pot`, one `messages.po` per language, and how they are renewed."""
