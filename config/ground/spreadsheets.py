"""Files that people open in a spreadsheet."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

_COMPUTES = ("=", "+", "-", "@", "\t", "\r")


def no_formula(text: str) -> str:
    """Text that no spreadsheet takes for something to compute.

    >>> no_formula("=1+1"), no_formula("tea")
    ("'=1+1", 'tea')
    """
    return f"'{text}" if text.startswith(_COMPUTES) else text


def csv_lines(headers: Sequence[str], rows: Iterable[Sequence[str | int]]) -> Iterator[str]:
    """A CSV file line by line, for an answer that is streamed. Numbers stay numbers, text is never computed."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    for row in chain([headers], rows):
        writer.writerow([cell if isinstance(cell, int) else no_formula(cell) for cell in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
