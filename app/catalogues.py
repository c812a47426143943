"""Translations compiled for use: every messages.po has a messages.mo beside it that is no older."""

import os
import tempfile

from app.trouble import Trouble


def compile_stale(folder):
    """Compile the catalogues under `folder` that are missing or older than their source."""
    for source in sorted(folder.glob("*/LC_MESSAGES/*.po")):
        target = source.with_suffix(".mo")
        if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
            _compile(source, target)


def _compile(source, target):
    # imported only here: most starts find everything compiled
    from babel.messages import mofile, pofile

    with open(source, "rb") as file:
        catalogue = pofile.read_po(file, locale=source.parent.parent.name)
    try:
        handle, new = tempfile.mkstemp(dir=target.parent, prefix=".messages")
    except OSError as error:
        raise Trouble(f"The translations in {target.parent} cannot be compiled: {error.strerror}.") from None
    with open(handle, "wb") as file:
        mofile.write_mo(file, catalogue)
    os.chmod(new, 0o644)
    os.replace(new, target)
