"""Files as spreadsheets and other systems write them: understood, or refused with what to do."""

import csv
import gzip
import io
from datetime import UTC, date, datetime

import pytest
from openpyxl import Workbook

from config.ground.spreadsheets import csv_lines
from members.adapters.faults import TableNotReadable
from members.adapters.tables import read_rows, shape_of
from members.rules.consents import Channel, ConsentWord, Purpose
from members.rules.import_fields import Mapping, faults_of, guess_columns
from members.rules.import_rows import read_row

NOW = datetime(2026, 11, 21, 10, 15, tzinfo=UTC)


def rows_of(raw: bytes, encoding: str = "") -> list[tuple[int, list[str]]]:
    content = io.BytesIO(raw)
    return list(read_rows(content, shape_of(content, encoding=encoding)))


def sheet(*rows: list[object]) -> bytes:
    book, content = Workbook(), io.BytesIO()
    for row in rows:
        book.active.append(row)
    book.save(content)
    return content.getvalue()


@pytest.mark.parametrize(
    ("raw", "kind", "encoding", "separator"),
    [
        (b"\xef\xbb\xbfmail,name\r\na@b.example,M\xc3\xbc\r\n", "csv", "utf-8-sig", ","),
        ("mail;name\na@b.example;Mü\n".encode("cp1252"), "csv", "cp1252", ";"),
        ("mail\tname\r\na@b.example\tMü\r\n".encode("utf-16"), "csv", "utf-16", "\t"),
        (gzip.compress("mail,name\na@b.example,Mü".encode(), mtime=0), "csv", "utf-8-sig", ","),
        (
            '{"mail": "a@b.example"}\n{"mail": "a@b.example", "name": "Mü"}'.encode(),
            "ndjson",
            "utf-8-sig",
            "",
        ),
        (sheet(["mail", "name"], ["a@b.example", "Mü"]), "xlsx", "", ""),
    ],
)
def test_every_common_shape_is_found_out(raw: bytes, kind: str, encoding: str, separator: str) -> None:
    shape = shape_of(io.BytesIO(raw))

    assert shape == (kind, encoding, separator, ("mail", "name"))
    assert rows_of(raw)[-1][1] == ["a@b.example", "Mü"]


def test_a_wrong_guess_of_the_encoding_is_mended_by_naming_it() -> None:
    raw = "電話,姓名\n0912345678,王大明\n".encode("cp950")

    assert rows_of(raw, "cp950") == [(2, ["0912345678", "王大明"])]
    assert guess_columns(shape_of(io.BytesIO(raw), encoding="cp950").headings) == ("phone", "display_name")


def test_rows_are_counted_as_a_spreadsheet_does() -> None:
    raw = b'mail,note\n"a@b.example","two\nlines, one ""cell"""\n\n,\nc@d.example,x\n'

    assert rows_of(raw) == [(2, ["a@b.example", 'two\nlines, one "cell"']), (5, ["c@d.example", "x"])]


def test_cells_of_a_sheet_are_told_as_text_and_lost_digits_as_lost() -> None:
    cells = [
        date(1990, 4, 3),
        datetime(2026, 1, 2, 3, 4),  # noqa: DTZ001 - a sheet knows no zone
        912345678.0,
        8869123456789012.0,
        1.5,
        True,
        None,
        "=1+1",
    ]
    raw = sheet([f"c{place}" for place in range(len(cells))], cells)

    assert rows_of(raw)[0][1] == [
        "1990-04-03 00:00:00",
        "2026-01-02 03:04:00",
        "912345678",
        "8.869123E+15",
        "1.5",
        "yes",
    ]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (sheet(), "empty"),
        (b"\xd0\xcf\x11\xe0old", "old Excel"),
        (b"PK\x03\x04 no zip", "broken"),
        (b'mail\n"' + b"x" * 200_000, "cell"),
        (gzip.compress(b"mail\na@b.example", mtime=0)[:-9], "broken"),
        (b'{"mail": 1}\n[2]', "JSON"),
        (b"mail," * 300, "columns"),
    ],
)
def test_what_is_no_table_is_refused_with_a_reason(raw: bytes, words: str) -> None:
    with pytest.raises(TableNotReadable, match=words):
        rows_of(raw)


def told(cell: str, field: str, **mapping: str) -> object:
    """What one cell says beside a good address; its problem, if it has one."""
    chosen = Mapping(columns=("email", field), **{"region": "TW", **mapping})  # type: ignore[arg-type]
    reading = read_row(["a@b.example", cell], chosen, now=NOW)
    return reading.problems[0].says if reading.problems else getattr(reading.told, field)


def test_what_a_spreadsheet_did_to_a_number_is_undone_or_refused() -> None:
    assert told("0912-345-678", "phone") == told('="0912345678"', "phone") == "+886912345678"
    assert told("'+886912345678", "phone") == told("912345678.0", "phone") == "+886912345678"
    assert "made a number of it" in str(told("8.86912E+11", "phone"))
    assert "made a number of it" in str(told("1,23457E+12", "card"))
    assert told("00042", "card") == "00042"
    assert told("4711", "external", external_source="crm") == told("CRM:4711", "external") == "crm:4711"
    assert "from which system" in str(told("4711", "external"))


@pytest.mark.parametrize(
    ("cell", "order", "wanted"),
    [
        ("1990-04-03", "mdy", date(1990, 4, 3)),
        ("1990/4/3", "dmy", date(1990, 4, 3)),
        ("1990-04-03 00:00:00", "ymd", date(1990, 4, 3)),
        ("1990年4月3日", "ymd", date(1990, 4, 3)),
        ("03.04.1990", "dmy", date(1990, 4, 3)),
        ("04/03/1990", "mdy", date(1990, 4, 3)),
        ("04/03/1990", "ymd", "Say in the mapping"),
        ("31/04/1990", "mdy", "There is no such day. Is the order"),
        ("03.04.90", "dmy", "year of four digits"),
        ("32966", "ymd", "spreadsheet's number"),
        ("2027-01-01", "ymd", "Nobody is born"),
        ("1790-01-01", "ymd", "Nobody is born"),
    ],
)
def test_a_date_is_read_in_the_declared_order_alone(cell: str, order: str, wanted: date | str) -> None:
    found = told(cell, "birth_date", date_order=order)

    assert found == wanted if isinstance(wanted, date) else wanted in str(found)


@pytest.mark.parametrize(
    "cell", ["0001-01-01", "0001-01-01T00:00:00+08:00", "1899-12-31T23:59:59Z", "9999-12-31T23:59:59-08:00"]
)
@pytest.mark.parametrize("field", ["enrolled_at", "consent_at", "birth_date"])
def test_a_day_beyond_any_history_is_refused(cell: str, field: str) -> None:
    says = told(cell, field)

    assert isinstance(says, str)
    assert "before 1900" in says or "future" in says or "Nobody is born" in says or "no date" in says


def test_a_consent_needs_the_words_it_was_said_to() -> None:
    yes = ConsentWord(channel=Channel.SMS, purpose=Purpose.POINTS, is_given=True, text_version="form-7")
    columns = ("email", "consent_sms_points", "consent_text", "consent_at")

    reading = read_row(
        ["a@b.example", "是", "form-7", "2020-05-06T07:08:09+08:00"], Mapping(columns=columns), now=NOW
    )
    assert (reading.told.consents, reading.problems) == ((yes,), ())
    assert reading.told.consent_at == datetime(2020, 5, 5, 23, 8, 9, tzinfo=UTC)
    assert "Name them" in str(told("yes", "consent_sms_points"))
    assert read_row(["a@b.example", "no", "", ""], Mapping(columns=columns), now=NOW).problems == ()
    assert (
        "future"
        in read_row(["a@b.example", "", "", "2030-01-01"], Mapping(columns=columns), now=NOW).problems[0].says
    )


def test_headings_are_known_in_many_tongues() -> None:
    headings = (
        "E-Mail Address",
        "手机号",
        "نام خانوادگی",
        "First name",
        "Mobile",
        "consent_push_points",
        "Whatever",
    )

    columns = guess_columns(headings)

    assert columns == ("email", "phone", "family_name", "given_name", "phone", "consent_push_points", "")
    assert faults_of(columns) == []
    assert "known by one" in faults_of(("given_name",))[0]
    assert "to be the same: Given name" in faults_of(("phone", "given_name", "given_name"))[0]


def test_what_we_write_is_never_computed_and_comes_back_as_it_was() -> None:
    cells = ["+886912345678", "=1+1", "@x", "-3", "O'Hara", 'say "hi"\nthere']

    text = "".join(csv_lines(["a"] * 6, [cells]))

    assert next(csv.reader(io.StringIO(text.partition("\r\n")[2], newline="")))[1] == "'=1+1"
    back = rows_of(text.encode())[0][1]
    names = Mapping(columns=("phone", "given_name", "family_name", "display_name"), region="TW")
    reading = read_row([back[0], back[1], back[4], back[5]], names, now=NOW)
    assert (reading.told.phone, reading.told.given_name, reading.told.family_name) == (
        cells[0],
        cells[1],
        cells[4],
    )
