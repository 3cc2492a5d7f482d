"""The plan of the house, as the tests of this folder hold it up against the building."""

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent.parent
FLOORS = ("members", "omnichannel", "loyalty", "campaigns")
"""From below to above."""

HEIGHT = {"ground": 0, "outbox": 1, "staff": 1, "members": 2, "omnichannel": 3, "loyalty": 4, "campaigns": 5}
"""App label -> height; foreign keys go from a higher to a lower or equal one."""

ROOMS = frozenset({"api", "admin", "services", "queries", "adapters", "models", "rules"})
"""Folders of Python in every floor, beside `migrations` and `management`."""

FURNITURE = frozenset({"migrations", "management", "locale", "templates", "static", "demo"})
FILES = frozenset(
    {"README.md", "__init__", "apps", "tasks", "subscribers", "member_data", "events", "errors"}
)
NEVER = frozenset({"utils", "helpers", "common", "managers", "mixins", "signals", "misc", "base"})


@cache
def python_files() -> tuple[Path, ...]:
    """Every Python file that is kept, relative to the project."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
    )
    names = listed.stdout.split() if listed.returncode == 0 else _found_by_walking()
    return tuple(sorted(path for path in map(Path, names) if (PROJECT / path).is_file()))


def _found_by_walking() -> list[str]:
    """Where there is no git, as in an unpacked archive."""
    tops = ("config", "tests", "benchmarks", *FLOORS)
    return [str(path.relative_to(PROJECT)) for top in tops for path in (PROJECT / top).rglob("*.py")]


def written_by_hand() -> list[Path]:
    """Python files except migrations, which Django writes."""
    return [path for path in python_files() if "migrations" not in path.parts]


@cache
def parsed(path: Path) -> ast.Module:
    """The syntax tree of a file of `python_files`."""
    return ast.parse((PROJECT / path).read_text())


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a file."""
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
