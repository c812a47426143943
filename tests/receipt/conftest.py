"""The worker's turn and the mails it sends, as stories have them."""

from tests.scenarios.conftest import folders, jobs, mails

__all__ = ["folders", "jobs", "mails"]
