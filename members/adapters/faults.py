"""What no table may be, whatever kind of file it is in."""

from django.conf import settings

MOST_COLUMNS = 200
LONGEST_CELL = 10_000
LONGEST_LINE = MOST_COLUMNS * LONGEST_CELL


class TableNotReadable(Exception):  # noqa: N818 - a state of the world
    """A file that is no table, or breaks in the middle; says what to do."""


def too_large() -> TableNotReadable:
    return TableNotReadable(f"Unpacked it is larger than {settings.IMPORT_MB['unpacked']} MB. Split it.")
