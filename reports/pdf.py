"""A document as PDF: letterhead, title and facts, tables over as many pages as they need, totals, notes."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from app.core.localized import Reader
from reports.paper import ACCENT, INK, LANDSCAPE, LEADING, MARGIN, MUTED, PORTRAIT, RULE, SHADE, Block, Paper
from reports.pictures import for_pdf
from reports.tree import Cell, Column, Document, Table, Text, columns_of, figure_side, text_of
from reports.typeface import Typeface

MEDIA_TYPE = "application/pdf"
PAD = 5.0  # between a cell's text and its edge
SIZES = (8.5, 7.5, 6.5)
LONG_WORD = 150.0  # a word longer than this is cut rather than given so much room
WIDEST = 260.0  # a column asks for no more than this, however long its texts are


class Grid(NamedTuple):
    """A table measured: texts of all cells, and a width per column."""

    table: Table
    columns: list[Column]
    rows: list[list[Text]]
    widths: list[float]
    size: float


def to_pdf(document: Document, reader: Reader) -> bytes:
    """Draw the document; columns that do not fit upright turn the pages, before any word is cut."""
    texts = [_texts(table, reader) for table in document.tables]
    for size, letters in ((PORTRAIT, SIZES[:2]), (LANDSCAPE, SIZES)):
        room = size[0] - 2 * MARGIN
        pairs = zip(document.tables, texts, strict=True)
        grids = [_fitting(table, *text, reader, room, letters) for table, text in pairs]
        if None not in grids:
            break
    else:
        grids = [
            grid or _cut(table, *text, reader, room)
            for grid, table, text in zip(grids, document.tables, texts, strict=True)
        ]
    paper = Paper(document, reader, size)
    _letterhead(paper)
    _title(paper)
    _facts(paper)
    _parties(paper)
    for grid in grids:
        if grid is not None:
            _table(paper, grid)
    _notes(paper)
    return paper.pdf()


def _letterhead(paper: Paper) -> None:
    seller, top = paper.document.seller, paper.y
    start = end = top
    logo = for_pdf(paper.document.logo)
    if logo is not None:
        scale = min(150 / logo.width, 44 / logo.height, 1.0)
        width, height = logo.width * scale, logo.height * scale
        paper.picture(logo.image, MARGIN, top, width, height)
        start = top + height + 6
    if seller is not None:
        name = paper.block(Text(seller.name, "text"), 11, paper.inner * 0.5, bold=True)
        paper.place(name, MARGIN, start)
        start += name.height
        for cell in seller.lines:
            line = paper.block(text_of(cell, paper.reader), 8, paper.inner * 0.42, colour=MUTED)
            paper.place(line, MARGIN + paper.inner * 0.58, end, paper.inner * 0.42, "end")
            end += line.height
    if max(start, end) > top:
        paper.y = max(start, end) + 8
        paper.rule(paper.y)
        paper.y += 14


def _title(paper: Paper) -> None:
    title = paper.block(Text(paper.document.title, "said"), 19, paper.inner * 0.72, bold=True)
    paper.place(title, MARGIN, paper.y)
    x = MARGIN + min(title.width, paper.inner * 0.72) + 12
    for mark in paper.document.marks:
        badge = paper.block(Text(mark, "said"), 8.5, 140, bold=True, colour=ACCENT)
        if x + badge.width + 14 > MARGIN + paper.inner:
            break
        paper.box(x, paper.y + 7, badge.width + 14, badge.height + 5, ACCENT, frame=True)
        paper.place(badge, x + 7, paper.y + 9)
        x += badge.width + 22
    paper.y += title.height
    number = paper.block(Text(paper.document.number, "code"), 11, paper.inner, colour=MUTED)
    paper.place(number, MARGIN, paper.y)
    paper.y += number.height + 10


def _facts(paper: Paper) -> None:
    facts, across = paper.document.facts, 4
    gap, width = 12.0, (paper.inner - 12.0 * (across - 1)) / across
    for first in range(0, len(facts), across):
        cells = [
            (
                paper.block(Text(str(label), "said"), 7.5, width, colour=MUTED),
                paper.block(text_of(value, paper.reader), 9, width),
            )
            for label, value in facts[first : first + across]
        ]
        height = max(label.height + value.height for label, value in cells)
        paper.ensure(height)
        for index, (label, value) in enumerate(cells):
            x = MARGIN + index * (width + gap)
            paper.place(label, x, paper.y)
            paper.place(value, x, paper.y + label.height)
        paper.y += height + 7
    if facts:
        paper.y += 5


def _parties(paper: Paper) -> None:
    parties, across = paper.document.parties, min(max(len(paper.document.parties), 2), 3)
    gap, width = 14.0, (paper.inner - 14.0 * (across - 1)) / across
    for first in range(0, len(parties), across):
        columns = []
        for party in parties[first : first + across]:
            title = paper.block(Text(party.title, "said"), 7.5, width - 20, colour=MUTED)
            lines = [
                paper.block(text_of(line, paper.reader), 9, width - 20, bold=not index)
                for index, line in enumerate(party.lines)
                if line not in (None, "")
            ]
            columns.append([title, *lines])
        height = max(sum(block.height for block in column) for column in columns) + 16
        paper.ensure(height)
        for index, column in enumerate(columns):
            x, top = MARGIN + index * (width + gap), paper.y
            paper.box(x, top, width, height, SHADE)
            top += 8
            for block in column:
                paper.place(block, x + 10, top)
                top += block.height
        paper.y += height + 10
    if parties:
        paper.y += 4


def _notes(paper: Paper) -> None:
    if paper.document.notes:
        paper.y += 10
    for note in paper.document.notes:
        block = paper.block(Text(note, "said"), 9, paper.inner)
        for line in block.lines:
            paper.ensure(block.size * LEADING)
            paper.place(Block((line,), block.size, block.colour), MARGIN, paper.y)
            paper.y += block.size * LEADING
        paper.y += 5


# tables


def _texts(table: Table, reader: Reader) -> tuple[list[Column], list[list[Text]]]:
    columns = columns_of(table, reader)
    return columns, [
        [text_of(cell, reader, column.bare) for cell, column in zip(row, columns, strict=True)]
        for row in table.rows
    ]


def _fitting(
    table: Table,
    columns: list[Column],
    rows: list[list[Text]],
    reader: Reader,
    room: float,
    sizes: Sequence[float],
) -> Grid | None:
    """The table at the largest of these sizes at which no word is cut; None when there is none."""
    for size in sizes:
        widths = _widths(columns, rows, reader, room, size)
        if widths is not None:
            return Grid(table, columns, rows, widths, size)
    return None


def _cut(table: Table, columns: list[Column], rows: list[list[Text]], reader: Reader, room: float) -> Grid:
    """The table at the smallest size, long words cut so that nothing runs over the edge."""
    natural, _least = _measures(columns, rows, reader, SIZES[-1])
    wanted = [min(width, 120.0) for width in natural]
    share = room / sum(wanted)
    return Grid(table, columns, rows, [width * share for width in wanted], SIZES[-1])


def _measures(
    columns: list[Column], rows: list[list[Text]], reader: Reader, size: float
) -> tuple[list[float], list[float]]:
    """Per column the width it would like and the one below which words are cut, both with padding."""
    regular, bold = Typeface(reader.locale), Typeface(reader.locale, bold=True)
    natural = [bold.natural(column.head, size) for column in columns]
    least = [
        max(bold.narrowest(column.head, size), min(wide, 40.0))
        for column, wide in zip(columns, natural, strict=True)
    ]
    for index in range(len(columns)):
        for text, kind in {row[index] for row in rows}:
            wide = regular.natural(text, size)
            natural[index] = max(natural[index], min(wide, WIDEST))
            whole = kind == "figure" or (kind == "code" and wide <= WIDEST / 2)
            word = wide if whole else min(regular.narrowest(text, size), LONG_WORD)
            least[index] = max(least[index], word)
    return [max(n, m) + 2 * PAD for n, m in zip(natural, least, strict=True)], [m + 2 * PAD for m in least]


def _widths(
    columns: list[Column], rows: list[list[Text]], reader: Reader, room: float, size: float
) -> list[float] | None:
    natural, least = _measures(columns, rows, reader, size)
    if sum(least) > room:
        return None
    if sum(natural) > room:
        share = (room - sum(least)) / (sum(natural) - sum(least))
        return [m + (n - m) * share for n, m in zip(natural, least, strict=True)]
    stretched = [index for index, column in enumerate(columns) if not column.figures]
    spare = room - sum(natural)
    if not stretched:  # nothing but figures: columns of one shape from page to page, whatever stands in them
        return [width + spare / len(natural) for width in natural]
    widest = max(stretched, key=lambda index: natural[index])
    return [width + (spare if index == widest else 0) for index, width in enumerate(natural)]


def _table(paper: Paper, grid: Grid) -> None:
    if grid.table.title:
        title = paper.block(Text(grid.table.title, "said"), 11, paper.inner, bold=True)
        paper.ensure(title.height + 60)
        paper.place(title, MARGIN, paper.y)
        paper.y += title.height + 4
    lines = grid.table.totals
    totals = [_total(paper, str(label), value, value is lines[-1][1]) for label, value in lines]
    below = sum(_height(list(pair)) for pair in totals) + 8 if totals else 0.0
    head = _blocks(paper, grid, [Text(column.head, "said") for column in grid.columns], bold=True)
    paper.ensure(_height(head) + 40)
    _head(paper, grid, head)
    for position, row in enumerate(grid.rows, start=1):
        cells = _blocks(paper, grid, row)
        need = _height(cells) + (below if position == len(grid.rows) else 0.0)
        if need > paper.room and need <= paper.body - _height(head):
            paper.turn()
            _head(paper, grid, head)
        _row(paper, grid, cells, head)
    if totals:
        paper.ensure(below)
        _totals(paper, grid, totals)
    paper.y += 8


def _blocks(paper: Paper, grid: Grid, texts: Iterable[Text], bold: bool = False) -> list[Block]:
    return [
        paper.block(text, grid.size, width - 2 * PAD + 0.05, bold=bold)
        for text, width in zip(texts, grid.widths, strict=True)
    ]


def _height(cells: list[Block]) -> float:
    return max(max(block.height, block.size * LEADING) for block in cells) + 7


def _head(paper: Paper, grid: Grid, cells: list[Block]) -> None:
    paper.box(MARGIN, paper.y, paper.inner, _height(cells), SHADE)
    _draw(paper, grid, cells)
    paper.rule(paper.y)


def _row(paper: Paper, grid: Grid, cells: list[Block], head: list[Block]) -> None:
    """One row; only a row higher than a page is continued on the next."""
    while _height(cells) > paper.room:
        fit = int((paper.room - 7) / (grid.size * LEADING))
        if fit > 0:
            _draw(paper, grid, [block._replace(lines=block.lines[:fit]) for block in cells])
            cells = [block._replace(lines=block.lines[fit:]) for block in cells]
        paper.turn()
        _head(paper, grid, head)
    _draw(paper, grid, cells)
    paper.rule(paper.y)


def _draw(paper: Paper, grid: Grid, cells: list[Block]) -> None:
    x = MARGIN
    for block, column, width in zip(cells, grid.columns, grid.widths, strict=True):
        paper.place(block, x + PAD, paper.y + 3.5, width - 2 * PAD, column.align)
        x += width
    paper.y += _height(cells)


def _total(paper: Paper, label: str, value: Cell, grand: bool) -> tuple[Block, Block]:
    return (
        paper.block(Text(label, "said"), 9, paper.inner * 0.35, bold=grand),
        paper.block(text_of(value, paper.reader), 9, paper.inner * 0.24, bold=grand),
    )


def _totals(paper: Paper, grid: Grid, totals: list[tuple[Block, Block]]) -> None:
    x, wide = MARGIN + paper.inner * 0.4, max(value.width for _label, value in totals)
    last = max(wide + 2 * PAD, min(grid.widths[-1], paper.inner * 0.3))
    paper.y += 4
    for position, (label, value) in enumerate(totals, start=1):
        if position == len(totals) and len(totals) > 1:
            paper.rule(paper.y, x, paper.inner * 0.6, INK)
        paper.place(label, x + PAD, paper.y + 3.5)
        start = MARGIN + paper.inner - last + PAD
        paper.place(value, start, paper.y + 3.5, last - 2 * PAD, figure_side(paper.reader))
        paper.y += _height([label, value])
    paper.rule(paper.y - 1, x, paper.inner * 0.6, RULE)
    paper.y += 4
