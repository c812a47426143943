"""Pictures of products: looked at before they are kept, with a thumbnail made once, at upload (CAT-07)."""

import io
import warnings

from flask_babel import lazy_gettext as _l
from PIL import Image, ImageOps, UnidentifiedImageError

from app.core.errors import BusinessError, NotFound
from app.rules import files
from models.products import ProductPicture

FORMATS = {"image/png": "PNG", "image/jpeg": "JPEG", "image/webp": "WEBP", "image/gif": "GIF"}
MOST_PIXELS = 40_000_000  # a small file can unpack into gigabytes
MOST = 12  # pictures of one product
SIDE = 480  # pixels; a catalogue card is drawn at half of it
THUMBNAIL = "image/jpeg"


def add(product, stream, name, declared_type, work):
    """Give a product a picture.

    :param stream: the upload; its content decides what it is
    :returns: the picture
    :raises BusinessError: 'not_a_picture', 'too_many_pictures', or what `files.store` refuses
    """
    if len(product.pictures) >= MOST:
        text = _l("A product has at most %(most)s pictures.", most=MOST)
        raise BusinessError("too_many_pictures", text, field="file")
    kept = files.store(stream, name, declared_type, work)
    if kept.media_type not in FORMATS:
        raise _no_picture()
    stream.seek(0)
    small = files.storage().put(io.BytesIO(thumbnail(stream, kept.media_type)), files.MEGABYTE)
    made = ProductPicture(product=product, thumb_sha256=small.sha256, **kept._asdict())
    work.session.add(made)
    work.session.flush()
    return made


def thumbnail(stream, media_type):
    """A small JPEG of a picture, upright and without what its camera noted.

    :raises BusinessError: 'not_a_picture'
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(stream, formats=[FORMATS[media_type]])
            if picture.width * picture.height > MOST_PIXELS:
                raise _no_picture()
            picture = ImageOps.exif_transpose(picture).convert("RGBA")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError,
            Image.DecompressionBombWarning):  # fmt: skip
        raise _no_picture() from None
    picture.thumbnail((SIDE, SIDE))
    ground = Image.new("RGB", picture.size, "white")
    ground.paste(picture, mask=picture.getchannel("A"))
    out = io.BytesIO()
    ground.save(out, "JPEG", quality=82, optimize=True)
    return out.getvalue()


def remove(picture, work):
    """Take a picture away from its product."""
    picture.product.pictures.remove(picture)
    work.session.flush()


def find(product, picture_id):
    """A picture of a product.

    :raises NotFound: 'not_found'
    """
    for one in product.pictures:
        if one.id == picture_id:
            return one
    raise NotFound("not_found", _l("There is no such record."))


def _no_picture():
    text = _l("This is not a picture we can show. Use PNG, JPEG, WebP or GIF.")
    return BusinessError("not_a_picture", text, field="file")
