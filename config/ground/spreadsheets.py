"""Files that people open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import IO

import msgspec

Cell = str | int
MOST_ROWS_OF_A_SHEET = 1_000_000

_COMPUTES = ("=", "+", "-", "@", "\t", "\r")


def no_formula(text: str) -> str:
    """Text that no spreadsheet takes for something to compute.

    >>> no_formula("=1+1"), no_formula("tea")
    ("'=1+1", 'tea')
    """
    return f"'{text}" if text.startswith(_COMPUTES) else text


def csv_lines(headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """A CSV file line by line, for an answer that is streamed. Numbers stay numbers, text is never computed."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for row in chain([headers], rows):
        writer.writerow([cell if isinstance(cell, int) else no_formula(cell) for cell in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def ndjson_lines(headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> Iterator[str]:
    """An object for each row, a line each. Text is told as it is: nobody computes it."""
    for row in rows:
        yield msgspec.json.encode(dict(zip(headers, row, strict=True))).decode() + "\n"


def write_sheet(file: IO[bytes], headers: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    """A workbook, row by row through a file on the disk; a further sheet where one is full. Text is text: never
    computed, with its leading zeros."""
    from openpyxl import Workbook  # noqa: PLC0415 - slow to read, and every process reads this file

    book = Workbook(write_only=True)
    sheet = None
    for number, row in enumerate(chain([headers], rows)):
        if sheet is None or number % MOST_ROWS_OF_A_SHEET == 0:
            sheet = book.create_sheet()
        sheet.append([_cell(sheet, value) for value in row])
    book.save(file)


def _cell(sheet: object, value: Cell) -> object:
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE  # noqa: PLC0415

    if isinstance(value, int):
        return value
    cell = WriteOnlyCell(sheet, value=ILLEGAL_CHARACTERS_RE.sub("", value))
    cell.data_type = "s"
    return cell
