"""Stored bytes on their way out: named, typed by their content, never run by a browser."""

from flask import Response, request, send_file
from flask_babel import gettext as _

from app.core.errors import Malformed
from app.core.files_sniff import INLINE
from app.rules import files, pictures

CACHED = "private, max-age=86400, immutable"


def send(opened):
    """A file of ours. What a browser may show safely it shows, unless `?download=1`; all else it saves.

    :param opened: `files.Opened`
    """
    inline = opened.media_type in INLINE and not request.args.get("download")
    response = send_file(
        opened.stream, mimetype=opened.media_type, as_attachment=not inline, download_name=opened.name, etag=False
    )
    response.content_length = opened.size
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def picture(product, picture_id):
    """A picture of a product, whole or as a thumbnail; kept by browsers, because its content never changes."""
    found = pictures.find(product, picture_id)
    small = request.args.get("size") != "full"
    sha256 = found.thumb_sha256 if small else found.sha256
    response = Response(mimetype=pictures.THUMBNAIL if small else found.media_type)
    response.set_etag(sha256)
    response.headers["Cache-Control"] = CACHED
    response.headers["X-Content-Type-Options"] = "nosniff"
    if not request.if_none_match.contains(sha256):
        response.data = files.storage().read(sha256)
    return response.make_conditional(request)


def upload(name="file"):
    """The uploaded file of a multipart request.

    :raises Malformed: there is none
    """
    found = request.files.get(name)
    if found is None or not found.filename:
        raise Malformed("no_file", _("Send the file as multipart/form-data, in the part “%(name)s”.", name=name))
    return found
