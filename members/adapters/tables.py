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
from datetime import date, datetime
from itertools import islice
from typing import IO, Any, NamedTuple, cast

import msgspec
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

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
MOST_BYTES = 2 * 1024**3
"""Of an unpacked file."""
MOST_GROWTH = 200
"""So many times its size a sheet may have unpacked; real ones stay below 30."""
MOST_COLUMNS = 200
LONGEST_CELL = 10_000
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
    InvalidFileException,
)
"""What unpacking and reading a broken file ends in; XML says that it is broken by a `SyntaxError`."""

Row = tuple[int, list[str]]
"""Row of the file as a spreadsheet counts them, the headings being 1 (for NDJSON the line), and the cells."""


class TableNotReadable(Exception):  # noqa: N818 - a state of the world
    """A file that is no table, or breaks in the middle; says what to do."""


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
            rows = _sheet(raw)
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
            whole = _sheet(raw) if shape.kind == "xlsx" else _table(raw, shape.encoding, shape.separator)
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
    headings = [cell.strip() for cell in cells]
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
    return cells


def _begins_with(raw: IO[bytes], mark: bytes) -> bool:
    raw.seek(0)
    return raw.read(len(mark)) == mark


class _Bounded(io.RawIOBase):
    """Unpacks no more than `MOST_BYTES`."""

    def __init__(self, packed: IO[bytes]) -> None:
        self._packed = packed
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        read = self._packed.read(len(buffer))
        buffer[: len(read)] = read
        self._count += len(read)
        if self._count > MOST_BYTES:
            raise TableNotReadable("Unpacked it is larger than 2 GB. Split it.")
        return len(read)


def _plain(raw: IO[bytes]) -> IO[bytes]:
    is_packed = _begins_with(raw, b"\x1f\x8b")
    raw.seek(0)
    opened = cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if is_packed else raw
    return io.BufferedReader(_Bounded(opened), _LOOKED_AT)


def _text(raw: IO[bytes], encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(cast(Any, _plain(raw)), encoding=encoding, newline="")


def _encoding_of(raw: IO[bytes]) -> str:
    """By its mark; else UTF-8 where all of it is; else what Windows writes in the West, until a colleague says so."""
    plain = _plain(raw)
    start = plain.read(4)
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return "utf-16"
    text = _text(raw, "utf-8-sig")
    try:
        while text.read(_LOOKED_AT):
            pass
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8-sig"


def _table(raw: IO[bytes], encoding: str, separator: str) -> Iterator[Row]:
    csv.field_size_limit(LONGEST_CELL * 10)
    reader = csv.reader(_text(raw, encoding), delimiter=separator)
    yield from enumerate(reader, start=1)


def _fields_of(first: str, rest: io.TextIOWrapper) -> list[str]:
    """The fields of the first objects: not every one has all."""
    fields: dict[str, None] = {}
    for line in islice(_lines(first, rest), _OBJECTS_LOOKED_AT):
        fields |= dict.fromkeys(msgspec.json.decode(line, type=dict[str, Any]))
    return list(fields)


def _lines(first: str, rest: io.TextIOWrapper) -> Iterator[str]:
    yield first
    yield from (line for line in rest if line.strip())


def _objects(raw: IO[bytes], shape: Shape) -> Iterator[Row]:
    decode = msgspec.json.Decoder(dict[str, Any], float_hook=str).decode
    for number, line in enumerate(_text(raw, shape.encoding), start=1):
        if line.strip():
            found = decode(line)
            yield number, [_said(found.get(heading)) for heading in shape.headings]


def _sheet(raw: IO[bytes]) -> Iterator[Row]:
    """The rows of the first sheet. Dates are told as ISO 8601, whole numbers without a point."""
    raw.seek(0)
    with zipfile.ZipFile(raw) as archive:
        inside = archive.infolist()
        unpacked, packed = (
            sum(getattr(one, size) for one in inside) for size in ("file_size", "compress_size")
        )
    if unpacked > MOST_BYTES or unpacked > MOST_GROWTH * max(packed, 4096):
        raise TableNotReadable("Unpacked it grows beyond any real sheet. Save it as CSV, and upload that.")
    raw.seek(0)
    book = load_workbook(raw, read_only=True, data_only=True)
    try:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()
        for number, cells in enumerate(sheet.iter_rows(values_only=True), start=1):
            yield number, [_said(cell) for cell in cells[: MOST_COLUMNS + 1]]
    finally:
        book.close()


def _said(value: Any) -> str:
    """A cell or a value of JSON as text."""
    tell = next((tell for kind, tell in _TOLD if isinstance(value, kind)), str)
    return "" if value is None else tell(value)


def _number(value: float) -> str:
    """Beyond fifteen digits a spreadsheet has lost some; then it says so in the form that is refused."""
    if not value.is_integer():
        return repr(value)
    return str(int(value)) if abs(value) < 10**15 else f"{value:E}"


_TOLD: list[tuple[type, Callable[[Any], str]]] = [
    (bool, lambda value: "yes" if value else "no"),
    (int, lambda value: _number(float(value)) if abs(value) >= 10**15 else str(value)),
    (float, _number),
    (datetime, lambda value: value.isoformat(sep=" ")),
    (date, date.isoformat),
]
