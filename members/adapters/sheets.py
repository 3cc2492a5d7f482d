"""Workbooks (XLSX) as rows of text, of the first sheet alone.

Read by hand, because what reads workbooks in general holds every text of them, and an element for each row: here the
texts lie in a file on the disk, and no more than a row is held. Styles, which say what is a date, are left to openpyxl;
it is slow to import, so only who reads a workbook does.
"""

import os
import re
import tempfile
import zipfile
from array import array
from collections.abc import Callable, Iterator
from datetime import date, datetime
from functools import lru_cache
from typing import IO, Any
from xml.parsers import expat

from django.conf import settings

from members.adapters.faults import LONGEST_CELL, MOST_COLUMNS, TableNotReadable, too_large

MOST_GROWTH = 200
"""So many times its size a workbook may have unpacked; real ones stay below 30."""
MOST_ROWS = 1_048_576
MOST_OF_A_SMALL_PART = 16 * 1024 * 1024
"""Of styles, the list of sheets and the like, which are held whole."""
MOST_AT_ONCE = 4 * 1024 * 1024
"""Of a single tag."""
_READ = 64 * 1024
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_COLUMN = re.compile(r"[A-Z]{1,3}")

SheetRow = tuple[int, list[str]]


def read_sheet(raw: IO[bytes]) -> Iterator[SheetRow]:
    """The rows of the first sheet that hold anything. Dates are told as ISO 8601, whole numbers without a point.

    :raises TableNotReadable: it grows beyond measure, or is none.
    """
    from openpyxl.reader.excel import ExcelReader  # noqa: PLC0415 - see above
    from openpyxl.styles.stylesheet import apply_stylesheet  # noqa: PLC0415
    from openpyxl.xml.constants import SHARED_STRINGS  # noqa: PLC0415

    _ensure_measured(raw)
    raw.seek(0)
    book = ExcelReader(raw, read_only=True, data_only=True, keep_links=False)
    book.archive = _SmallParts(raw)
    book.read_manifest()
    book.read_workbook()
    apply_stylesheet(book.archive, book.wb)
    sheets = [rel.target for _, rel in book.parser.find_sheets() if "chartsheet" not in rel.Type]
    if not sheets:
        raise TableNotReadable("The workbook holds no sheet with rows.")
    with _Texts() as texts:
        shared = book.package.find(SHARED_STRINGS)
        if shared is not None:
            with book.archive.open(shared.PartName.lstrip("/")) as part:
                texts.read(part)
        with book.archive.open(sheets[0]) as part:
            yield from _Rows(texts, _Dates(book.wb)).read(part)


def _ensure_measured(raw: IO[bytes]) -> None:
    """What an archive declares it holds; it cannot be made to give more than that."""
    raw.seek(0)
    with zipfile.ZipFile(raw) as archive:
        inside = archive.infolist()
    unpacked, packed = sum(one.file_size for one in inside), sum(one.compress_size for one in inside)
    if unpacked > MOST_GROWTH * max(packed, 4096):
        raise TableNotReadable("Unpacked it grows beyond any real sheet. Save it as CSV, and upload that.")
    if unpacked > settings.IMPORT_MB["unpacked"] * 1024**2:
        raise too_large()


class _SmallParts(zipfile.ZipFile):
    """An archive whose parts are held whole only where they are small, whatever they are called and said to be."""

    def read(self, name: str | zipfile.ZipInfo, pwd: bytes | None = None) -> bytes:
        inside = name if isinstance(name, zipfile.ZipInfo) else self.getinfo(name)
        if inside.file_size > MOST_OF_A_SMALL_PART:
            raise TableNotReadable(
                f"Its part {inside.filename[:80]} is too large. Save it as CSV, and upload that."
            )
        return super().read(name, pwd)


class _Xml:
    """A part read tag by tag; names of tags come without their namespace."""

    def __init__(self) -> None:
        self._held = 0
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._begin
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._words
        self._parser.StartDoctypeDeclHandler = self._refuse

    def feed(self, part: IO[bytes]) -> Iterator[None]:
        """Read on; answers after each piece.

        :raises TableNotReadable: it is no XML, or a tag of it never ends.
        """
        try:
            while piece := part.read(_READ):
                self._held += len(piece)
                self._parser.Parse(piece, False)
                if self._held > MOST_AT_ONCE:
                    raise TableNotReadable("A tag of the sheet never ends. Save it as CSV, and upload that.")
                yield
            self._parser.Parse(b"", True)
        except expat.ExpatError as fault:
            raise TableNotReadable(f"The file is broken: {fault}") from fault
        yield

    def begin(self, tag: str, attributes: dict[str, str]) -> None:
        raise NotImplementedError

    def end(self, tag: str) -> None:
        raise NotImplementedError

    def words(self, words: str) -> None:
        raise NotImplementedError

    def _begin(self, tag: str, attributes: dict[str, str]) -> None:
        self._held = 0
        self.begin(tag.rpartition(":")[2], attributes)

    def _end(self, tag: str) -> None:
        self._held = 0
        self.end(tag.rpartition(":")[2])

    def _words(self, words: str) -> None:
        self._held = 0
        self.words(words)

    def _refuse(self, *_told: object) -> None:
        raise TableNotReadable("The file is broken: no workbook declares a document type.")


class _Text:
    """Text that is being put together; beyond what a cell may hold it is only known that it is longer."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._length = 0

    def add(self, words: str) -> None:
        if self._length <= LONGEST_CELL:
            self._pieces.append(words[: LONGEST_CELL + 1])
            self._length += len(words)

    def take(self) -> str:
        text = "".join(self._pieces)
        self._pieces, self._length = [], 0
        return text


def _unescaped(text: str) -> str:
    """
    >>> _unescaped("one_x000A_two")
    'one\\ntwo'
    """
    return _ESCAPED.sub(lambda found: _sign(int(found[1], 16)), text) if "_x" in text else text


def _sign(code: int) -> str:
    return "\ufffd" if 0xD800 <= code < 0xE000 else chr(code)


class _Texts(_Xml):
    """The texts that cells name by number, on the disk."""

    def __init__(self) -> None:
        super().__init__()
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed on the way out
        self._ends = array("Q", [0])
        self._text = _Text()
        self._is_text = False
        self._sounds = 0
        self.get: Callable[[int], str] = lru_cache(maxsize=1_000)(self._get)

    def __enter__(self) -> "_Texts":
        return self

    def __exit__(self, *_fault: object) -> None:
        self._file.close()

    def read(self, part: IO[bytes]) -> None:
        for _ in self.feed(part):
            pass
        self._file.flush()

    def _get(self, number: int) -> str:
        if not 0 <= number < len(self._ends) - 1:
            raise TableNotReadable("The file is broken: a cell names a text that is not there.")
        start, end = self._ends[number], self._ends[number + 1]
        return os.pread(self._file.fileno(), end - start, start).decode()

    def begin(self, tag: str, attributes: dict[str, str]) -> None:
        self._is_text = tag == "t"
        self._sounds += tag == "rPh"

    def words(self, words: str) -> None:
        if self._is_text and not self._sounds:
            self._text.add(words)

    def end(self, tag: str) -> None:
        self._is_text = False
        self._sounds -= tag == "rPh"
        if tag == "si":
            self._file.write(_unescaped(self._text.take()).encode())
            self._ends.append(self._file.tell())


class _Dates:
    """Which numbers are dates, by their style, and which."""

    def __init__(self, book: Any) -> None:
        from openpyxl.utils.datetime import from_excel  # noqa: PLC0415 - see above

        self._date_of = from_excel
        self._epoch = book.epoch
        self._dates, self._spans = book._date_formats, book._timedelta_formats

    def tell(self, number: float, style: int) -> str | None:
        """A date or time in ISO 8601; None for what is just a number."""
        if style not in self._dates:
            return None
        try:
            found = self._date_of(number, self._epoch, timedelta=style in self._spans)
        except (OverflowError, ValueError):
            return "#VALUE!"
        if isinstance(found, datetime):
            return found.isoformat(sep=" ")
        return found.isoformat() if isinstance(found, date) else str(found)


class _Rows(_Xml):
    """The rows of a sheet, one after the other."""

    def __init__(self, texts: _Texts, dates: _Dates) -> None:
        super().__init__()
        self._texts, self._dates = texts, dates
        self._done: list[SheetRow] = []
        self._row, self._cells = 0, list[str]()
        self._column, self._kind, self._style = 0, "n", 0
        self._text, self._is_value = _Text(), False

    def read(self, part: IO[bytes]) -> Iterator[SheetRow]:
        for _ in self.feed(part):
            yield from self._done
            self._done.clear()

    def begin(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "c":
            self._column = _column_of(attributes.get("r", "")) or self._column + 1
            self._kind, self._style = attributes.get("t", "n"), int(attributes.get("s") or 0)
        elif tag == "row":
            row = int(attributes.get("r") or self._row + 1)
            if not self._row < row <= MOST_ROWS:
                raise TableNotReadable(f"The file is broken: row {row} follows row {self._row}.")
            self._row, self._cells, self._column = row, [], 0
        self._is_value = tag == "v" or (tag == "t" and self._kind == "inlineStr")

    def words(self, words: str) -> None:
        if self._is_value:
            self._text.add(words)

    def end(self, tag: str) -> None:
        self._is_value = False
        if tag == "c":
            if said := self._said(self._text.take()):
                # One column too many is enough to be refused.
                place = min(self._column, MOST_COLUMNS + 1)
                self._cells.extend([""] * (place - len(self._cells)))
                self._cells[place - 1] = said
        elif tag == "row":
            self._done.append((self._row, self._cells))

    def _said(self, text: str) -> str:
        match self._kind:
            case _ if not text:
                return ""
            case "s":
                return self._texts.get(int(text))
            case "b":
                return "yes" if text == "1" else "no"
            case "n":
                number = float(text) if set(".eE") & set(text) else int(text)
                return self._dates.tell(number, self._style) or number_as_text(number)
            case _:
                return _unescaped(text)


def _column_of(place: str) -> int:
    """
    >>> _column_of("A1"), _column_of("AB12"), _column_of("")
    (1, 28, 0)
    """
    column = 0
    for letter in (_COLUMN.match(place) or [""])[0]:
        column = column * 26 + ord(letter) - 64
    return column


def number_as_text(value: float) -> str:
    """Beyond fifteen digits a spreadsheet has lost some; then it says so in the form that is refused."""
    if isinstance(value, float) and not value.is_integer():
        return repr(value)
    return str(int(value)) if abs(value) < 10**15 else f"{float(value):E}"
