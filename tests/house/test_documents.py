"""What the documents name is there: files, doors, commands and settings."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands

from tests.house.floorplan import PROJECT, python_files

DOCUMENTS = sorted(
    path.relative_to(PROJECT)
    for top in (".", "docs", "docs/decisions", "members", "omnichannel", "loyalty", "campaigns")
    for path in (PROJECT / top).glob("*.md")
)
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")
PATH = re.compile(r"^[a-z_]+/[\w/.-]+\.(?:py|sql|md|js|css|json|toml|yaml)$")
COMMAND = re.compile(r"manage\.py ([a-z_]+)")
TARGET = re.compile(r"make ([a-z]+)")
DOOR = re.compile(r"(?:GET|POST|PUT|PATCH|DELETE) (?:/api/v1)?(/[\w/{}-]+(?:\.\w+)?)")
SETTING = re.compile(r"^\| ((?:`[A-Z_]+`(?:, )?)+) \|", re.MULTILINE)


def _text(document: Path) -> str:
    return (PROJECT / document).read_text()


def _spans(document: Path) -> Iterator[str]:
    """Pieces in code letters, blocks included."""
    for block, span in re.findall(r"```\w*\n(.*?)```|`([^`\n]+)`", _text(document), re.DOTALL):
        yield block or span


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_file_that_is_named_is_there(document: Path) -> None:
    here = (PROJECT / document).parent
    named = [*LINK.findall(_text(document)), *filter(PATH.match, _spans(document))]

    missing = [name for name in named if not (here / name).exists() and not (PROJECT / name).exists()]

    assert missing == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_command_that_is_named_can_be_given(document: Path) -> None:
    makefile = (PROJECT / "Makefile").read_text()
    spans = list(_spans(document))

    unknown = {name for span in spans for name in COMMAND.findall(span)} - set(get_commands())
    unknown |= {
        name for span in spans for name in TARGET.findall(span) if not re.search(rf"^{name}:", makefile, re.M)
    }

    assert unknown == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_door_that_is_named_opens(document: Path) -> None:
    kept = json.loads((PROJECT / "docs" / "openapi.json").read_text())["paths"]
    doors = {re.sub(r"{\w+}", "{}", path.removeprefix("/api/v1")) for path in kept}

    named = {re.sub(r"{\w+}", "{}", path) for path in DOOR.findall(_text(document))}

    assert named - doors == set()


def test_every_setting_that_the_operator_is_told_of_is_read() -> None:
    table = _text(Path("docs/operator.md")).partition("## Settings")[2].partition("\n## ")[0]
    told = {name for row in SETTING.findall(table) for name in re.findall(r"[A-Z_]+", row)}
    code = "\n".join((PROJECT / path).read_text() for path in python_files() if path.parts[0] == "config")

    assert len(told) > 20
    assert {name for name in told if f'"{name}"' not in code} == set()
