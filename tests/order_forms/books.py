"""Files as customers send them, made on the spot."""

import io
import zipfile

import xlsxwriter

HEAD = ("SKU", "Product", "Unit", "Unit price", "Quantity")


def xlsx(*rows, write=None):
    """A workbook with these rows; `write(sheet)` adds formulas and merged cells."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"strings_to_formulas": False})
    sheet = book.add_worksheet("Order form")
    for at, row in enumerate(rows):
        sheet.write_row(at, 0, row)
    if write:
        write(sheet)
    book.close()
    return out.getvalue()


def ods(*rows, cells=None):
    """A LibreOffice table; `cells` is the markup of one more row."""
    lines = "".join(f"<table:table-row>{''.join(_cell(one) for one in row)}</table:table-row>" for row in rows)
    content = (
        '<?xml version="1.0" encoding="UTF-8"?><office:document-content'
        ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
        ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
        ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" office:version="1.3"><office:body>'
        f'<office:spreadsheet><table:table table:name="Sheet1">{lines}{cells or ""}</table:table>'
        "</office:spreadsheet></office:body></office:document-content>"
    )
    return zipped(
        {"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": content,
         "META-INF/manifest.xml": _manifest()}
    )  # fmt: skip


def _manifest(more=""):
    space = "urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    return (f'<?xml version="1.0"?><manifest:manifest xmlns:manifest="{space}"><manifest:file-entry'
            f' manifest:full-path="/" manifest:media-type="{kind}"/>{more}</manifest:manifest>')  # fmt: skip


def locked_ods():
    """A table that wants a password."""
    more = '<manifest:file-entry manifest:full-path="content.xml"><manifest:encryption-data/></manifest:file-entry>'
    return zipped({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "x",
                   "META-INF/manifest.xml": _manifest(more)})  # fmt: skip


def _cell(value):
    if isinstance(value, int):
        return f'<table:table-cell office:value-type="float" office:value="{value}"/>'
    return f'<table:table-cell office:value-type="string"><text:p>{value}</text:p></table:table-cell>'


def zipped(entries):
    """An archive of named entries, packed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return out.getvalue()


def unzipped(data, name):
    """One entry of an archive."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read(name)
