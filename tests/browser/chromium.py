"""The browser for tests: the system's Chromium, else Playwright's own, else Debian's package when root."""

import os
import pathlib
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# no lookups of its maker's hosts at every start; no sandbox, which root does not have
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
)


class NoBrowser(Exception):
    """There is no browser and none can be had: browser tests fail with this, they are not left out."""


def executable():
    """The path of a Chromium.

    :raises NoBrowser: none is installed
    """
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    found = _of_playwright()
    if found:
        return found
    raise NoBrowser(
        "Browser tests need Chromium. Install it (Debian, Ubuntu: apt install chromium), or let Playwright "
        f"fetch one: {sys.executable} -m playwright install chromium")


def prepare(tell):
    """See that there is a browser, once, before the tests; what fails here fails in the tests too."""
    try:
        executable()
        return
    except NoBrowser:
        tell("Fetching a browser for the tests")
    if _run(sys.executable, "-m", "playwright", "install", "chromium") and _of_playwright():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        _run("apt-get", "update")
        _run("apt-get", "install", "-y", "--no-install-recommends", "chromium")


def launch(playwright, **options):
    """A headless browser of a Playwright session."""
    return playwright.chromium.launch(executable_path=executable(), args=[*ARGUMENTS], **options)


def _of_playwright():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if path and pathlib.Path(path).exists() else None


def _run(*command):
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        return subprocess.run(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=600, env=environment,
        ).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False
