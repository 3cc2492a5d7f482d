"""The floor plan: the same rooms in all four apps, files and functions one can read in a sitting, no junk rooms."""

import ast
import re
from pathlib import Path

import pytest

from tests.house.floorplan import (
    FILES,
    FLOORS,
    FURNITURE,
    NEVER,
    PROJECT,
    ROOMS,
    functions,
    parsed,
    python_files,
    written_by_hand,
)

SIGNAL_CONNECTED = (
    r"(.*\.)?((pre|post)_(save|delete|init|migrate)|m2m_changed|user_\w+|request_\w+|\w*signal)\.connect"
)
LINES_OF_A_FILE = 350
LINES_OF_A_FUNCTION = 60


@pytest.mark.parametrize("floor", FLOORS)
def test_a_floor_has_the_rooms_of_the_plan_and_no_others(floor: str) -> None:
    inside = {path.relative_to(floor).parts[0] for path in python_files() if path.parts[0] == floor}

    unknown = {name.removesuffix(".py") for name in inside} - ROOMS - FURNITURE - FILES

    assert unknown == set()


@pytest.mark.parametrize("floor", FLOORS)
def test_a_floor_says_on_one_page_what_lives_there(floor: str) -> None:
    page = PROJECT / floor / "README.md"

    assert page.is_file()
    assert 5 < len(page.read_text().splitlines()) < 120


def test_no_file_is_too_long_to_read() -> None:
    lengths = {str(path): len((PROJECT / path).read_text().splitlines()) for path in written_by_hand()}

    assert {path: lines for path, lines in lengths.items() if lines > LINES_OF_A_FILE} == {}


def test_no_function_is_too_long_to_read() -> None:
    too_long = {
        f"{path}:{function.name}": length
        for path in written_by_hand()
        for function in functions(path)
        if (length := (function.end_lineno or 0) - function.lineno + 1) > LINES_OF_A_FUNCTION
    }

    assert too_long == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    junk = [str(path) for path in python_files() if {*path.with_suffix("").parts} & NEVER]

    assert junk == []


def test_nothing_listens_to_django_signals() -> None:
    """News is an event of the outbox; a signal's receiver is a call that nobody sees."""
    listening = [
        f"{path}:{node.lineno}"
        for path in written_by_hand()
        for node in ast.walk(parsed(path))
        if (isinstance(node, ast.ImportFrom) and node.module == "django.dispatch")
        or (isinstance(node, ast.Call) and re.fullmatch(SIGNAL_CONNECTED, ast.unparse(node.func)))
    ]

    assert listening == []


def test_services_are_not_named_by_words_that_hide_what_they_do() -> None:
    hiding = [
        f"{path}:{function.name}"
        for path in written_by_hand()
        if path.parts[0] in FLOORS and "services" in path.parts
        for function in functions(path)
        if function.name.startswith(("process_", "handle_", "manage_", "do_"))
    ]

    assert hiding == []


def test_the_domain_never_reads_the_clock() -> None:
    """Doors ask what time it is and pass it on; rules, queries, services and models are told."""
    reading = [
        f"{path}:{node.lineno}"
        for path in written_by_hand()
        if _is_domain(path)
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in _CLOCKS
    ]

    assert reading == []


_CLOCKS = {"clock.now", "timezone.now", "datetime.now", "datetime.utcnow", "date.today", "time.time", "Now"}


def _is_domain(path: Path) -> bool:
    return path.parts[0] in FLOORS and bool({"rules", "services", "queries", "models"} & set(path.parts))


def test_a_subject_keeps_its_own_migrations_named_by_what_becomes_true() -> None:
    unnamed = [
        str(path)
        for path in python_files()
        if "migrations" in path.parts and ("auto_" in path.name or path.name == "0001_initial.py")
    ]

    assert unnamed == []
