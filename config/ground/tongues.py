"""Sentences in the reader's language. What is kept is said in English; whoever tells it opens a language around it.

Standard library alone: rules use it, too.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import GNUTranslations, translation
from pathlib import Path

_reader: ContextVar[GNUTranslations | None] = ContextVar("reader", default=None)


def said(words: str, /, **parts: object) -> str:
    """A sentence with its parts, in the language that is open.

    >>> said("from {amount} paid", amount="12.00 USD")
    'from 12.00 USD paid'
    """
    reader = _reader.get()
    return (words if reader is None else reader.gettext(words)).format(**parts)


def noun(one: str, many: str, number: int) -> str:
    """What so many of something are called."""
    reader = _reader.get()
    if reader is None:
        return one if number == 1 else many
    return reader.ngettext(one, many, number)


def is_foreign() -> bool:
    """Whether another language than English is open."""
    return _reader.get() is not None


@contextmanager
def reading(locale: str, folder: Path) -> Iterator[None]:
    """Let all that is said within be in a language; in English if the folder has none by that name.

    :param locale: e.g. `zh_Hans`.
    :param folder: `<locale>/LC_MESSAGES/django.mo` is in it.
    """
    token = _reader.set(_catalogue(locale, folder))
    try:
        yield
    finally:
        _reader.reset(token)


@cache
def _catalogue(locale: str, folder: Path) -> GNUTranslations | None:
    try:
        return translation("django", folder, [locale])
    except FileNotFoundError:
        return None
