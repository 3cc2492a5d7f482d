"""Tables as people have them: CSV in any separator and encoding, NDJSON, either gzipped, and XLSX; row by row.

Nothing here holds more than a row: a file of any size takes the same memory. What grows out of all proportion when it
is unpacked is refused before it does.
"""

import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from typing import IO, Any, NamedTuple, cast

import msgspec
from django.conf import settings

from members.adapters.faults import LONGEST_CELL, LONGEST_LINE, MOST_COLUMNS, TableNotReadable, too_large
from members.adapters.sheets import number_as_text, read_sheet

ENCODINGS = {
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "cp1252": "Windows, Western Europe (1252)",
    "cp1250": "Windows, Central Europe (1250)",
    "cp1251": "Windows, Cyrillic (1251)",
    "cp1254": "Windows, Turkish (1254)",
    "cp1256": "Windows, Arabic and Persian (1256)",
    "cp950": "Big5, Traditional Chinese",
    "gb18030": "GB 18030, Simplified Chinese",
    "cp932": "Shift JIS, Japanese",
}
_GUESSED = ("utf-8-sig", "cp1252", "cp950", "gb18030", "cp932")
_LOOKED_AT = 64 * 1024
_OBJECTS_LOOKED_AT = 100

_BROKEN = (
    OSError,
    EOFError,
    LookupError,
    ValueError,
    SyntaxError,
    RuntimeError,
    ArithmeticError,
    zlib.error,
    zipfile.BadZipFile,
)
"""What unpacking and reading a broken file ends in; XML says that it is broken by a `SyntaxError`."""

Row = tuple[int, list[str]]
"""Row of the file as a spreadsheet counts them, the headings being 1 (for NDJSON the line), and the cells."""


class Shape(NamedTuple):
    """What kind of file it is.

    :ivar kind: csv, ndjson or xlsx; `encoding` and `separator` are "" where they say nothing.
    """

    kind: str
    encoding: str
    separator: str
    headings: tuple[str, ...]


def shape_of(raw: IO[bytes], *, encoding: str = "") -> Shape:
    """Look at a file: what it is, and its headings.

    :param encoding: one of `ENCODINGS`; "" to find out, by reading the whole file where that is needed.
    :raises TableNotReadable: see there.
    """
    with _readable():
        if _begins_with(raw, b"PK\x03\x04"):
            rows = read_sheet(raw)
            return Shape("xlsx", "", "", _headings(next(rows, (1, []))[1]))
        if _begins_with(raw, b"\xd0\xcf\x11\xe0"):
            raise TableNotReadable("This is an old Excel file. Save it as .xlsx or CSV, and upload that.")
        encoding = encoding or _encoding_of(raw)
        text = _text(raw, encoding)
        first = text.readline(_LOOKED_AT)
        while first and not first.strip():
            first = text.readline(_LOOKED_AT)
        if first.lstrip().startswith("{"):
            return Shape("ndjson", encoding, "", _headings(_fields_of(first, text)))
        separator = max(",;\t|", key=first.count)
        rows_of = _table(raw, encoding, separator)
        return Shape("csv", encoding, separator, _headings(next(rows_of, (1, []))[1]))


def read_rows(raw: IO[bytes], shape: Shape) -> Iterator[Row]:
    """Every row below the headings that holds something.

    :raises TableNotReadable: the file breaks in the middle.
    """
    with _readable():
        if shape.kind == "ndjson":
            rows = _objects(raw, shape)
        else:
            whole = read_sheet(raw) if shape.kind == "xlsx" else _table(raw, shape.encoding, shape.separator)
            rows = islice(whole, 1, None)
        for number, cells in rows:
            if any(cells):
                yield number, _ensure_sane(number, cells)


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except UnicodeError as fault:
        raise TableNotReadable("Its letters are of another encoding. Choose another one.") from fault
    except csv.Error as fault:
        raise TableNotReadable(f"A cell never ends, or quotes stand where none may ({fault}).") from fault
    except msgspec.DecodeError as fault:
        raise TableNotReadable(f"A line is no JSON object: {fault}") from fault
    except _BROKEN as fault:
        raise TableNotReadable(f"The file is broken: {str(fault)[:200]}") from fault


def _headings(cells: Sequence[str]) -> tuple[str, ...]:
    headings = [cell.replace("\x00", "").strip() for cell in cells]
    while headings and not headings[-1]:
        headings.pop()
    if not headings:
        raise TableNotReadable("The file is empty. Its first line must hold the names of the columns.")
    if len(headings) > MOST_COLUMNS:
        raise TableNotReadable(f"It has more than {MOST_COLUMNS} columns.")
    return tuple(heading[:200] or f"column {place}" for place, heading in enumerate(headings, start=1))


def _ensure_sane(number: int, cells: list[str]) -> list[str]:
    if len(cells) > MOST_COLUMNS or any(len(cell) > LONGEST_CELL for cell in cells):
        raise TableNotReadable(
            f"Row {number} has more cells, or longer ones, than any member. A quote is probably missing before it."
        )
    return [cell.replace("\x00", "\ufffd") for cell in cells]


def _begins_with(raw: IO[bytes], mark: bytes) -> bool:
    raw.seek(0)
    return raw.read(len(mark)) == mark


class _Bounded(io.RawIOBase):
    """Unpacks no more than the settings allow."""

    def __init__(self, packed: IO[bytes]) -> None:
        self._packed = packed
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        read = self._packed.read(len(buffer))
        buffer[: len(read)] = read
        self._count += len(read)
        if self._count > settings.IMPORT_MB["unpacked"] * 1024**2:
            raise too_large()
        return len(read)


def _plain(raw: IO[bytes]) -> IO[bytes]:
    is_packed = _begins_with(raw, b"\x1f\x8b")
    raw.seek(0)
    opened = cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if is_packed else raw
    return io.BufferedReader(_Bounded(opened), _LOOKED_AT)


def _text(raw: IO[bytes], encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(cast(Any, _plain(raw)), encoding=encoding, newline="")


def _encoding_of(raw: IO[bytes]) -> str:
    """By its mark; else the first in which all of it can be read: UTF-8, what Windows writes in the West, or in the
    East, until a colleague says so."""
    start = _plain(raw).read(2)
    if start in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    return next((one for one in _GUESSED if _is_written_in(raw, one)), "cp1256")


def _is_written_in(raw: IO[bytes], encoding: str) -> bool:
    text = _text(raw, encoding)
    try:
        while text.read(_LOOKED_AT):
            pass
    except UnicodeDecodeError:
        return False
    return True


def _table(raw: IO[bytes], encoding: str, separator: str) -> Iterator[Row]:
    csv.field_size_limit(LONGEST_CELL * 10)
    reader = csv.reader(_lines(_text(raw, encoding)), delimiter=separator)
    yield from enumerate(reader, start=1)


def _fields_of(first: str, rest: io.TextIOWrapper) -> list[str]:
    """The fields of the first objects: not every one has all."""
    fields: dict[str, None] = {}
    objects = (line for line in chain([first], _lines(rest)) if line.strip())
    for line in islice(objects, _OBJECTS_LOOKED_AT):
        fields |= dict.fromkeys(msgspec.json.decode(line, type=dict[str, Any]))
    return list(fields)


def _lines(text: io.TextIOWrapper) -> Iterator[str]:
    """Line by line, and none that never ends."""
    while line := text.readline(LONGEST_LINE + 1):
        if len(line) > LONGEST_LINE:
            raise TableNotReadable("A line never ends. Is it a table, with a line for each member?")
        yield line


def _objects(raw: IO[bytes], shape: Shape) -> Iterator[Row]:
    decode = msgspec.json.Decoder(dict[str, Any], float_hook=str).decode
    for number, line in enumerate(_lines(_text(raw, shape.encoding)), start=1):
        if line.strip():
            found = decode(line)
            yield number, [_said(found.get(heading)) for heading in shape.headings]


def _said(value: Any) -> str:
    """A cell or a value of JSON as text."""
    tell = next((tell for kind, tell in _TOLD if isinstance(value, kind)), str)
    return "" if value is None else tell(value)


_TOLD: list[tuple[Any, Callable[[Any], str]]] = [
    (bool, lambda value: "yes" if value else "no"),
    (int, number_as_text),
    (float, number_as_text),
    (list | dict, lambda value: msgspec.json.encode(value).decode()),
]
