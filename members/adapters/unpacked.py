"""A file as rows, written once, so that whoever goes on reading begins where it was left and not at the top.

A line of JSON for each row: its number and its cells. It lies beside the file, until all of it is read.
"""

import tempfile
from collections.abc import Callable
from itertools import islice
from typing import IO

import msgspec

from members.adapters.exports import keep_copy, open_copy
from members.adapters.tables import Row, Shape, read_rows

_ROWS_AT_ONCE = 5_000
_decode = msgspec.json.Decoder(Row).decode


def unpack(file: str, rows_file: str, shape: Shape, *, meanwhile: Callable[[], object]) -> int:
    """Write all rows of a file; answers how many.

    :param meanwhile: is called every few thousand rows.
    :raises TableNotReadable: the file breaks in the middle.
    :raises FileNotFoundError: it is gone.
    """
    count = 0
    with open_copy(file) as content, tempfile.TemporaryFile() as lines:
        for count, row in enumerate(read_rows(content, shape), start=1):
            lines.write(msgspec.json.encode(row) + b"\n")
            if count % _ROWS_AT_ONCE == 0:
                meanwhile()
        lines.seek(0)
        keep_copy(rows_file, lines)
    return count


def read_on(lines: IO[bytes], *, after: int, most: int) -> tuple[list[Row], int]:
    """The rows behind so many bytes, and how many bytes are read then."""
    lines.seek(after)
    piece = list(islice(iter(lines.readline, b""), most))
    return [_decode(line) for line in piece], after + sum(map(len, piece))
