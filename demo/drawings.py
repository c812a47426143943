"""Pictures of the demo, drawn when they are needed: a logo, and a simple sign for each kind of product."""

import io
import zlib
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

FONT = Path(__file__).parent.parent / "reports" / "fonts" / "NotoSans-Bold.ttf"
INK, SAND, PAPER = "#1f2a44", "#d9a441", "#ffffff"
GROUNDS = ("#e8eef7", "#f6ecd9", "#e6f2ea", "#f5e6e6", "#ece7f5", "#e4f1f4")
SIDE = 480


def logo(name):
    """An arch and the name beside it, as PNG."""
    picture = Image.new("RGBA", (900, 200), (255, 255, 255, 0))
    pen = ImageDraw.Draw(picture)
    pen.rounded_rectangle((10, 10, 190, 190), 28, fill=INK)
    pen.pieslice((50, 45, 150, 145), 180, 360, fill=SAND)
    pen.rectangle((50, 95, 150, 155), fill=SAND)
    pen.pieslice((76, 78, 124, 126), 180, 360, fill=INK)
    pen.rectangle((76, 102, 124, 155), fill=INK)
    pen.text((225, 100), name, font=ImageFont.truetype(str(FONT), 74), fill=INK, anchor="lm")
    return _png(picture).getvalue()


def product(category, sku):
    """A sign for the kind of product on a ground that differs from product to product."""
    ground = GROUNDS[zlib.crc32(sku.encode()) % len(GROUNDS)]
    picture = Image.new("RGB", (SIDE, SIDE), ground)
    SIGNS.get(category, _box)(ImageDraw.Draw(picture))
    return _png(picture)


def _png(picture):
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    out.seek(0)
    return out


def _glass(pen):
    pen.polygon([(165, 110), (315, 110), (290, 370), (190, 370)], fill=PAPER, outline=INK, width=8)
    pen.polygon([(176, 210), (304, 210), (290, 366), (190, 366)], fill=SAND)


def _cup(pen):
    pen.ellipse((290, 190, 390, 290), outline=INK, width=18)
    pen.pieslice((110, 60, 330, 360), 0, 180, fill=PAPER, outline=INK, width=8)
    pen.rounded_rectangle((80, 365, 360, 388), 12, fill=INK)


def _machine(pen):
    pen.rounded_rectangle((110, 110, 370, 390), 24, fill=INK)
    pen.rectangle((150, 190, 330, 350), fill=PAPER)
    pen.rectangle((205, 190, 275, 225), fill=SAND)
    pen.rectangle((212, 290, 268, 340), fill=INK)


def _tool(pen):
    pen.ellipse((120, 110, 260, 250), fill=INK)
    pen.ellipse((155, 145, 225, 215), fill=PAPER)
    pen.line((235, 225, 360, 360), fill=INK, width=44)


def _leaf(pen):
    pen.pieslice((100, 80, 420, 400), 120, 240, fill="#4f8a5b")
    pen.pieslice((0, 80, 320, 400), 300, 60, fill="#6aa877")
    pen.line((210, 390, 210, 130), fill=INK, width=8)


def _bean(pen):
    pen.ellipse((130, 90, 350, 390), fill="#6b4226")
    pen.arc((60, 60, 290, 420), 300, 60, fill="#e8d9cb", width=12)


def _nuts(pen):
    for left, top in ((110, 210), (250, 210), (180, 100)):
        pen.ellipse((left, top, left + 120, top + 150), fill=SAND, outline=INK, width=6)


def _cloth(pen):
    pen.rectangle((120, 100, 360, 380), fill=PAPER, outline=INK, width=8)
    for top in (150, 180, 300, 330):
        pen.line((124, top, 356, top), fill=SAND, width=12)


def _box(pen):
    pen.rectangle((120, 180, 360, 370), fill=SAND, outline=INK, width=8)
    pen.polygon([(120, 180), (160, 110), (320, 110), (360, 180)], fill=PAPER, outline=INK, width=8)


SIGNS = {
    "GLASS": _glass, "PORCELAIN": _cup, "MACHINES": _machine, "ACCESSORIES": _tool, "MAINTENANCE": _tool, "TEA": _leaf,
    "COFFEE": _bean, "SPICES": _leaf, "NUTS": _nuts, "TEXTILES": _cloth,
}  # fmt: skip
