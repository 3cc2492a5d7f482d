"""Workbooks, and what somebody could make of a file to fill our memory: read row by row, or refused."""

import gzip
import io
import random
import tracemalloc
import zipfile
from datetime import date, datetime, time

import pytest
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from pytest_django import Settings

from members.adapters.faults import TableNotReadable
from members.adapters.tables import Row, read_rows, shape_of

SHEET, TEXTS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def rows_of(raw: bytes) -> list[Row]:
    content = io.BytesIO(raw)
    return list(read_rows(content, shape_of(content)))


def workbook(*rows: list[object]) -> bytes:
    book, content = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(content)
    return content.getvalue()


def with_part(raw: bytes, name: str, part: bytes) -> bytes:
    """A workbook with one of its parts in another's place."""
    with zipfile.ZipFile(io.BytesIO(raw)) as one:
        parts = {inside: one.read(inside) for inside in one.namelist()} | {name: part}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as other:
        for inside, told in parts.items():
            other.writestr(inside, told)
    return content.getvalue()


def with_texts(raw: bytes, texts: str) -> bytes:
    """A workbook whose cells name these texts by number, as Excel writes them."""
    with zipfile.ZipFile(io.BytesIO(raw)) as one:
        types = one.read("[Content_Types].xml").decode()
    part = f'<Override PartName="/{TEXTS}" ContentType="{TYPES}.sharedStrings+xml"/></Types>'
    raw = with_part(raw, "[Content_Types].xml", types.replace("</Types>", part).encode())
    return with_part(raw, TEXTS, f"<sst>{texts}</sst>".encode())


def sheet_of(rows: str) -> bytes:
    """A sheet by hand: any namespace, any order."""
    told = f'<x:worksheet xmlns:x="urn:any"><x:sheetData>{rows}</x:sheetData></x:worksheet>'
    return with_part(workbook(["mail"]), SHEET, told.replace("<c", "<x:c").encode())


def test_a_workbook_is_told_as_people_see_it() -> None:
    rich = CellRichText("O'", TextBlock(InlineFont(b=True), "Hara"))
    raw = workbook(
        ["mail", "", "note", "day", "at", "hour", "n"],
        ["a@b.example", None, "two\nlines", date(1990, 4, 3), datetime(2026, 1, 2, 3, 4), time(5, 6), 1.5],  # noqa: DTZ001
        [None, None, None],
        ["c@d.example", "x", rich, "00042", True, "=1+1", 912345678.0],
    )

    assert rows_of(raw) == [
        (
            2,
            [
                "a@b.example",
                "",
                "two\nlines",
                "1990-04-03 00:00:00",
                "2026-01-02 03:04:00",
                "05:06:00",
                "1.5",
            ],
        ),
        (4, ["c@d.example", "x", "O'Hara", "00042", "yes", "", "912345678"]),
    ]


def test_the_sheets_of_other_programmes_are_read_too() -> None:
    """Another prefix, no places, rows left out, texts within the cells, what is escaped, and how a name sounds."""
    rows = """<x:row r="3"><x:c t="inlineStr"><x:is><x:t>mail</x:t></x:is></x:c><x:c t="str"><x:v>n</x:v></x:c></x:row>
    <x:row><x:c t="str"><x:v>a_x000A_b</x:v></x:c><x:c t="e"><x:v>#N/A</x:v></x:c></x:row>
    <x:row r="9"><x:c r="B9"><x:v>7</x:v></x:c></x:row>"""
    assert rows_of(sheet_of(rows)) == [(4, ["a\nb", "#N/A"]), (9, ["", "7"])]

    sounds = "<si><t>mail</t></si><si><r><t>東</t></r><r><t>京</t></r><rPh><t>トウキョウ</t></rPh></si>"
    told = '<x:row><x:c t="s"><x:v>0</x:v></x:c></x:row><x:row><x:c t="s"><x:v>1</x:v></x:c></x:row>'
    assert rows_of(with_texts(sheet_of(told), sounds)) == [(2, ["東京"])]


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ('<x:row r="1"/><x:row r="2000000000"/>', "row 2000000000 follows"),
        ('<x:row r="5"/><x:row r="5"/>', "row 5 follows row 5"),
        ('<x:row><x:c t="s"><x:v>99</x:v></x:c></x:row>', "a text that is not there"),
        (
            '<x:row><x:c t="str"><x:v>mail</x:v></x:c></x:row><x:row><x:c r="ZZ2"><x:v>1</x:v></x:c></x:row>',
            "more cells",
        ),
        ('<x:row><x:c t="str"><x:v>mail</x:v></x:c></x:row><x:row><x:c><x:v>x</x:v></x:c></x:row>', "broken"),
        ("<x:row><x:c></x:row>", "broken"),
    ],
)
def test_a_sheet_that_is_none_is_refused(rows: str, words: str) -> None:
    with pytest.raises(TableNotReadable, match=words):
        rows_of(sheet_of(rows))


def test_no_workbook_declares_what_its_words_stand_for() -> None:
    laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><worksheet><sheetData/></worksheet>'

    with pytest.raises(TableNotReadable, match="broken"):
        rows_of(with_part(workbook(["mail"]), SHEET, laughs))


def test_what_grows_beyond_measure_is_refused_before_it_does() -> None:
    with pytest.raises(TableNotReadable, match="grows"):
        rows_of(with_part(workbook(["mail"]), SHEET, b"0" * 30_000_000))


def test_what_is_unpacked_is_bounded_by_the_settings(settings: Settings) -> None:
    settings.IMPORT_MB = {"file": 200, "unpacked": 1}

    with pytest.raises(TableNotReadable, match="larger than 1 MB"):
        rows_of(gzip.compress(b"mail\n" + b"a@b.example\n" * 200_000))
    noise = "".join(f"<si><t>{number * 7919 % 10**9}</t></si>" for number in range(80_000))
    with pytest.raises(TableNotReadable, match="larger than 1 MB"):
        rows_of(with_texts(workbook(["mail"]), noise))


@pytest.mark.parametrize("kind", ["csv", "ndjson", "csv head"])
def test_a_line_that_never_ends_is_not_held(kind: str) -> None:
    beginning = {"csv": b"mail\na@b.example\n", "ndjson": b'{"mail": 1}\n{"mail": "', "csv head": b""}[kind]
    raw = gzip.compress(beginning + b"x," * 30_000_000, mtime=0)

    tracemalloc.start()
    try:
        with pytest.raises(TableNotReadable, match=r"never ends|columns|more cells"):
            rows_of(raw)
        assert tracemalloc.get_traced_memory()[1] < 60_000_000
    finally:
        tracemalloc.stop()


def test_the_texts_of_a_workbook_are_not_held() -> None:
    number = 20_000
    texts = "".join(f"<si><t>{place:0200d}</t></si>" for place in range(number))
    rows = "".join(f'<x:row><x:c t="s"><x:v>{place}</x:v></x:c></x:row>' for place in range(number))
    raw = with_texts(sheet_of(rows), texts)
    content = io.BytesIO(raw)

    tracemalloc.start()
    try:
        shape = shape_of(content)
        count = sum(1 for _ in read_rows(content, shape))
        assert (count, shape.headings) == (number - 1, ("0" * 200,))
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["xl/worksheets/book.xml", "xl/sharedStrings2.xml", "xl/book.dat"])
def test_what_is_held_whole_is_small_whatever_it_is_called(name: str) -> None:
    """The list of sheets, by the name that the archive gives it."""
    raw = workbook(["mail"], ["a@b.example"])
    with zipfile.ZipFile(io.BytesIO(raw)) as one:
        types, book = one.read("[Content_Types].xml").decode(), one.read("xl/workbook.xml")
        links = one.read("xl/_rels/workbook.xml.rels")
    where, _, file = name.rpartition("/")
    raw = with_part(raw, "[Content_Types].xml", types.replace("xl/workbook.xml", name).encode())
    raw = with_part(raw, f"{where}/_rels/{file}.rels", links)
    assert rows_of(with_part(raw, name, book)) == [(2, ["a@b.example"])]
    noise = random.Random(7).randbytes(600_000).hex().encode()
    large = book + b"".join(b"<!--" + noise + b"-->" for _ in range(15))

    with pytest.raises(TableNotReadable, match=f"Its part {name} is too large"):
        rows_of(with_part(raw, name, large))
