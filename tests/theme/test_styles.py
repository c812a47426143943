"""The style sheets serve both directions and every reader's eyes."""

import pathlib
import re

import pytest

STATIC = pathlib.Path(__file__).resolve().parents[2] / "app" / "static"
SHEETS = sorted((STATIC / "css").glob("*.css"))
SCRIPTS = sorted((STATIC / "js").glob("*.js"))
PHYSICAL = re.compile(
    r"(?<![\w-])(?:(?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right|top|bottom)|left|right|top|bottom|width|height"
    r"|(?:min|max)-(?:width|height)|float)\s*:|text-align\s*:\s*(?:left|right)"
)
# text colour, surface, least contrast (WCAG 2.2 AA: 4.5 for text, 3 for the outline of a field and the focus)
PAIRS = [
    *[
        (ink, ground, 4.5)
        for ink in ("ink", "ink-2", "ink-3")
        for ground in ("surface", "page", "raised", "sunken", "side-bg", "hover")
    ],
    *[(tone, f"{tone}-soft", 4.5) for tone in ("good", "warn", "bad", "info", "violet", "quiet")],
    *[(tone, "surface", 4.5) for tone in ("good", "warn", "bad", "danger", "accent-text")],
    ("accent-ink", "accent", 4.5),
    ("accent-ink", "accent-hover", 4.5),
    ("accent-text", "accent-soft", 4.5),
    ("accent-text", "side-active", 4.5),
    ("accent-text", "page", 4.5),
    ("ink", "accent-soft", 4.5),
    ("ink-3", "accent-soft", 4.5),
    ("line-strong", "surface", 3),
    ("focus", "surface", 3),
    ("focus", "page", 3),
]


def tokens(scheme):
    """Colours of one scheme, name -> (r, g, b)."""
    found = re.findall(r"--([\w-]+): light-dark\((#\w{6}), (#\w{6})\);", (STATIC / "css" / "tokens.css").read_text())
    return {name: tuple(int((light, dark)[scheme][n : n + 2], 16) for n in (1, 3, 5)) for name, light, dark in found}


def luminance(colour):
    """Relative luminance as WCAG defines it."""
    parts = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one, other):
    """Contrast ratio of two colours."""
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
@pytest.mark.parametrize(("ink", "ground", "least"), PAIRS)
def test_text_can_be_read_on_its_surface(ink, ground, least, scheme):
    colours = tokens(scheme)
    assert contrast(colours[ink], colours[ground]) >= least


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_styles_know_start_and_end_but_no_left_and_right(sheet):
    rules = re.sub(r"/\*.*?\*/", "", sheet.read_text(), flags=re.S)
    rules = re.sub(r"@media[^{]*\{", "{", rules)  # conditions on the window's width are no direction
    assert [found.group(0) for found in PHYSICAL.finditer(rules)] == []


@pytest.mark.parametrize("file", SHEETS + SCRIPTS, ids=lambda path: path.name)
def test_styles_and_scripts_stay_short_and_load_nothing_from_elsewhere(file):
    text = file.read_text()
    assert len(text.splitlines()) < 400
    assert not re.search(r"https?://|@import", text)


def test_motion_focus_and_paper_are_thought_of():
    everything = "".join(sheet.read_text() for sheet in SHEETS)
    assert "prefers-reduced-motion" in everything and ":focus-visible" in everything
    assert (STATIC / "css" / "print.css").exists()


def test_fonts_come_with_their_licences():
    for family in ("Inter", "Vazirmatn", "NotoSansSC"):
        assert "SIL Open Font License" in (STATIC / "fonts" / f"{family}-OFL.txt").read_text()


def test_every_font_that_is_named_is_there_and_ours_for_chinese_comes_last():
    tokens = (STATIC / "css" / "tokens.css").read_text()
    named = re.findall(r'url\("\.\./fonts/([^"]+)"\)', tokens)
    assert "noto-sans-sc.woff2" in named and all((STATIC / "fonts" / one).exists() for one in named)
    order = re.search(r"--font: (.+);", tokens)[1]
    assert order.index('"Noto Sans CJK SC"') < order.index('"Serai SC"') < order.index("system-ui")
