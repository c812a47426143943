"""Pictures on documents: only PNG and JPEG given as bytes, never fetched, never larger than paper needs.

Nothing that renders a document opens an address: a logo arrives as bytes, and HTML carries it
as a data: address.
"""

import base64
import io
import warnings
from functools import lru_cache
from typing import NamedTuple

from PIL import Image, UnidentifiedImageError
from reportlab.lib.utils import ImageReader

MOST_BYTES = 2_000_000
MOST_PIXELS = 16_000_000  # a small file can unpack into gigabytes
_SIDE = 900  # pixels; sharp at the size a letterhead has
_MEDIA = {"PNG": "image/png", "JPEG": "image/jpeg"}


class Picture(NamedTuple):
    """A picture ready to be drawn; width and height are in pixels."""

    image: ImageReader
    width: int
    height: int


def checked(data: bytes) -> tuple[str, Image.Image]:
    """Media type and decoded picture.

    :raises ValueError: not a PNG or JPEG, broken, or too large
    """
    if len(data) > MOST_BYTES:
        raise ValueError("the picture has too many bytes")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(data), formats=list(_MEDIA))
            if picture.width * picture.height > MOST_PIXELS:
                raise ValueError("the picture has too many pixels")
            picture.load()
    except (UnidentifiedImageError, OSError, SyntaxError, Image.DecompressionBombError, Warning) as problem:
        raise ValueError("not a PNG or JPEG picture") from problem
    return _MEDIA[str(picture.format)], picture


@lru_cache(maxsize=32)
def _prepared(data: bytes) -> Picture | None:
    try:
        _media, picture = checked(data)
    except ValueError:
        return None
    picture.thumbnail((_SIDE, _SIDE))
    image = picture.convert("RGBA" if picture.mode in ("RGBA", "LA", "P", "PA") else "RGB")
    return Picture(ImageReader(image), image.width, image.height)


def for_pdf(data: bytes | None) -> Picture | None:
    """The picture for a page; a broken one is left out, because a paper without logo beats no paper."""
    return _prepared(data) if data else None


@lru_cache(maxsize=32)
def for_html(data: bytes | None) -> str:
    """The picture as a data: address; empty when there is none or it is broken."""
    if not data:
        return ""
    try:
        media, _picture = checked(data)
    except ValueError:
        return ""
    return f"data:{media};base64,{base64.b64encode(data).decode()}"
