"""Files of feeds: CSV or NDJSON, plain or gzip, read row by row."""

import csv
import gzip
import io
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any, BinaryIO, cast

import msgspec

Row = tuple[int, Sequence[str]]
"""Line of the file (from 1; the last of a row that spans several) and the cells of the columns asked for."""


class FileNotReadable(Exception):  # noqa: N818 - a state of the world
    """A file that is no feed: missing, not UTF-8, without a header, or broken in the middle."""


@dataclass
class FeedFile:
    """An open feed. `header` are the names of its columns, or the fields of its first object."""

    path: Path
    header: list[str]
    _raw: BinaryIO
    _text: io.TextIOBase
    _is_objects: bool
    _first: str

    @property
    def bytes_read(self) -> int:
        """How far the file is read, in bytes as they lie on the disk."""
        return self._raw.tell()

    @property
    def size(self) -> int:
        return os.fstat(self._raw.fileno()).st_size

    def rows(self, columns: Sequence[str]) -> Iterator[Row]:
        """Every row, cut down to these columns; "" for a column that is missing.

        :raises FileNotReadable: the file ends or breaks in the middle.
        """
        try:
            yield from self._objects(columns) if self._is_objects else self._table(columns)
        except (OSError, EOFError, UnicodeDecodeError, csv.Error, msgspec.DecodeError) as fault:
            raise FileNotReadable(f"{self.path.name}: {fault}") from fault

    def close(self) -> None:
        self._text.close()
        self._raw.close()

    def _table(self, columns: Sequence[str]) -> Iterator[Row]:
        places = [self.header.index(name) if name in self.header else -1 for name in columns]
        pick = _picker(places)
        width = len(self.header)
        reader = csv.reader(self._text)
        for cells in reader:
            if not cells:
                continue
            if len(cells) < width:
                cells.extend([""] * (width - len(cells)))
            cells.append("")
            yield reader.line_num + 1, pick(cells)

    def _objects(self, columns: Sequence[str]) -> Iterator[Row]:
        decode = msgspec.json.Decoder(dict[str, Any], float_hook=str).decode
        for number, line in enumerate(_chain(self._first, self._text), start=1):
            if line.strip():
                found = decode(line)
                yield number, [_told(found.get(name)) for name in columns]


def open_feed(path: Path) -> FeedFile:
    """Open a feed and read its header.

    :raises FileNotReadable: see there.
    """
    try:
        raw = path.open("rb")
        is_packed = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        plain = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if is_packed else raw
        text = io.TextIOWrapper(plain, encoding="utf-8-sig", newline="")
        first = text.readline()
        is_objects = first.lstrip().startswith("{")
        header = (
            list(msgspec.json.decode(first, type=dict[str, Any]))
            if is_objects
            else next(csv.reader([first]), [])
        )
    except (OSError, EOFError, UnicodeDecodeError, csv.Error, msgspec.DecodeError) as fault:
        raise FileNotReadable(f"{path}: {fault}") from fault
    if not header:
        raise FileNotReadable(f"{path}: it is empty")
    return FeedFile(path, [name.strip() for name in header], raw, text, is_objects, first)


def _picker(places: Sequence[int]) -> Callable[[Sequence[str]], Sequence[str]]:
    """Cells of a row at these places, two or more; -1 is the empty cell that stands behind every row."""
    return itemgetter(*places)


def _chain(first: str, rest: io.TextIOBase) -> Iterator[str]:
    yield first
    yield from rest


def _told(value: Any) -> str:
    return "" if value is None else str(value)
