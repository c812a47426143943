"""The table of `docs/glossary.md`, row by row."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "glossary.md"
COLUMNS = {"fa": "Persian", "ro": "Romanian", "ru": "Russian", "tr": "Turkish", "zh_Hans_CN": "Chinese"}


def terms():
    """Every row as {heading: cell}."""
    found, heads = [], None
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        if not cells or set(cells[0]) <= set("-: "):
            heads = heads if cells else None
        elif heads is None:
            heads = cells
        else:
            found.append(dict(zip(heads, cells, strict=True)))
    return found


def plain(text):
    """A text without marks of direction."""
    return re.sub("[\u200e\u200f\u2066-\u2069]", "", text).strip()
