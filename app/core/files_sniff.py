"""Uploaded files: what they really are, whether we take them, and under which name they are safe.

The content decides, not the name and not what the browser says. What could run in a browser (HTML, SVG, scripts)
is never taken, and only pictures and PDF are ever shown inside a page.
"""

import re
import unicodedata
import zipfile
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import BinaryIO

from flask_babel import lazy_gettext as _l

from app.core.errors import BusinessError
from app.core.localized import BIDI_CONTROLS

Scanner = Callable[[BinaryIO], str | None]  # the name of what it found, or nothing

_OFFICE = "application/vnd.openxmlformats-officedocument."
_ODF = "application/vnd.oasis.opendocument."
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# media type -> extensions it may have; the first one is given to files that come without
TYPES: dict[str, tuple[str, ...]] = {
    "application/pdf": ("pdf",),
    "image/png": ("png",),
    "image/jpeg": ("jpg", "jpeg"),
    "image/gif": ("gif",),
    "image/webp": ("webp",),
    "image/tiff": ("tif", "tiff"),
    "text/csv": ("csv",),
    "text/plain": ("txt", "log", "md"),
    "application/zip": ("zip",),
    f"{_OFFICE}wordprocessingml.document": ("docx",),
    f"{_OFFICE}spreadsheetml.sheet": ("xlsx",),
    f"{_OFFICE}presentationml.presentation": ("pptx",),
    f"{_ODF}text": ("odt",),
    f"{_ODF}spreadsheet": ("ods",),
    "application/msword": ("doc",),
    "application/vnd.ms-excel": ("xls",),
}
INLINE = frozenset({"application/pdf", "image/png", "image/jpeg", "image/gif", "image/webp"})
MOST_BYTES = 25 * 1024 * 1024
_MOST_UNPACKED = 500 * 1024 * 1024  # a small archive can unpack into gigabytes
_MOST_ENTRIES = 10_000
_HEAD = 4096

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
)
_ACTIVE = re.compile(
    rb"<\s*(?:!doctype\s+html|html|head|body|script|svg|iframe|object|embed|\?xml|\?php|xsl:)|javascript:|^#!",
    re.IGNORECASE,
)
_FOLDERS = {
    "word/": "wordprocessingml.document",
    "xl/": "spreadsheetml.sheet",
    "ppt/": "presentationml.presentation",
}
_RESERVED = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|$)", re.IGNORECASE)
# halves, or virus scanners would take this file away
_EICAR = (b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$", b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*")


@dataclass(frozen=True, slots=True)
class Checked:
    """A file we take: its safe name, what it is, and how large."""

    name: str
    media_type: str
    size: int

    @property
    def inline(self) -> bool:
        """Whether a browser may show it in a page instead of saving it."""
        return self.media_type in INLINE


def check(
    name: str,
    stream: BinaryIO,
    allowed: Collection[str] = frozenset(TYPES),
    most_bytes: int = MOST_BYTES,
    scanner: Scanner | None = None,
) -> Checked:
    """Look at an upload before anything is stored; leaves the stream at its beginning.

    :param allowed: media types that this place takes
    :param scanner: the installation's virus scanner; the test virus is recognised without one
    :raises BusinessError: 'file_empty', 'file_too_large', 'file_type', 'file_name', 'file_unsafe'
    """
    size = stream.seek(0, 2)
    stream.seek(0)
    if not size:
        raise BusinessError("file_empty", _l("This file is empty."))
    if size > most_bytes:
        megabytes = max(most_bytes // (1024 * 1024), 1)
        text = _l("This file is larger than %(megabytes)s MB.", megabytes=megabytes)
        raise BusinessError("file_too_large", text, most_bytes=most_bytes)
    media_type = sniff(stream)
    if media_type is None or media_type not in allowed:
        raise BusinessError("file_type", _l("Files of this type are not accepted."), media_type=media_type)
    safe, media_type = _named(safe_name(name), media_type)
    if media_type not in allowed:
        raise BusinessError("file_type", _l("Files of this type are not accepted."), media_type=media_type)
    for scan in (known_virus, scanner):
        stream.seek(0)
        if scan is not None and (found := scan(stream)):
            raise BusinessError("file_unsafe", _l("The virus scanner refused this file."), found=found)
    stream.seek(0)
    return Checked(safe, media_type, size)


def _named(name: str, media_type: str) -> tuple[str, str]:
    """The name and type, when the extension fits what the file is; a missing extension is added."""
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    if not extension:
        return f"{name}.{TYPES[media_type][0]}", media_type
    if media_type == "text/plain" and extension == "csv":
        return name, "text/csv"
    if media_type == "application/msword" and extension == "xls":
        return name, "application/vnd.ms-excel"
    if extension not in TYPES[media_type]:
        text = _l(
            "The name of this file ends in .%(extension)s, but it is something else.", extension=extension
        )
        raise BusinessError("file_name", text, extension=extension, media_type=media_type)
    return name, media_type


def sniff(stream: BinaryIO) -> str | None:
    """What the content is; None when it is nothing we know, or something that could run.

    The old Office formats share one container and all come back as Word; csv comes back as plain text.
    """
    stream.seek(0)
    head = stream.read(_HEAD)
    for magic, media_type in _MAGIC:
        if head.startswith(magic):
            return media_type
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head.startswith(_OLE):
        return "application/msword"
    if head.startswith(b"PK\x03\x04"):
        return _archive(stream)
    return "text/plain" if _is_text(stream) else None


def _archive(stream: BinaryIO) -> str | None:
    """Office documents and plain archives; none with macros or programs, and none that explodes."""
    try:
        with zipfile.ZipFile(stream) as archive:
            entries = archive.infolist()
            names = {entry.filename for entry in entries}
            unpacked = sum(entry.file_size for entry in entries)
            kind = (
                archive.open("mimetype").read(100).decode("ascii", "replace") if "mimetype" in names else ""
            )
    except (zipfile.BadZipFile, OSError, RuntimeError, KeyError, ValueError):
        return None
    macros = any(name.lower().endswith(("vbaproject.bin", ".exe", ".js", ".hta")) for name in names)
    if unpacked > _MOST_UNPACKED or len(entries) > _MOST_ENTRIES or macros:
        return None
    if kind:
        return kind.strip() if kind.strip() in TYPES else None
    if "[Content_Types].xml" in names:
        found = {kind for folder, kind in _FOLDERS.items() if any(name.startswith(folder) for name in names)}
        return f"{_OFFICE}{found.pop()}" if len(found) == 1 else None
    return "application/zip"


def _is_text(stream: BinaryIO) -> bool:
    """Text in UTF-8, UTF-16 or a one-byte code page, without control characters or anything that runs."""
    stream.seek(0)
    sample = stream.read(256 * 1024)
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        sample = sample.decode("utf-16", "replace").encode()
    if _ACTIVE.search(sample):
        return False
    return not re.search(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f]", sample)


def known_virus(stream: BinaryIO) -> str | None:
    """Recognise the harmless test file that every scanner knows, so that a refusal can be tried out."""
    stream.seek(0)
    before = b""
    while piece := stream.read(1024 * 1024):
        if b"".join(_EICAR) in before + piece:
            return "EICAR-Test-File"
        before = piece[-100:]
    return None


def safe_name(name: str) -> str:
    """A file name without folders, without characters that hide its ending, short enough for every system."""
    base = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    kept = "".join(letter for letter in base if _harmless(letter))
    clean = re.sub(r"\s+", " ", re.sub(r'[<>:"|?*]', "-", kept)).strip(" .")
    if not clean or _RESERVED.match(clean):
        clean = f"file-{clean}" if clean else "file"
    stem, dot, extension = clean.rpartition(".")
    if not dot or len(extension) > 10:
        stem, extension = clean, ""
    room = 120 - len(extension.encode()) - 1
    stem = stem.encode()[:room].decode("utf-8", "ignore").rstrip(" .") or "file"
    return f"{stem}.{extension}" if extension else stem


def _harmless(letter: str) -> bool:
    if letter == "\u200c":  # Persian compounds are written with it
        return True
    return letter not in BIDI_CONTROLS and unicodedata.category(letter) not in (
        "Cc",
        "Cf",
        "Cs",
        "Co",
        "Cn",
        "Zl",
        "Zp",
    )
