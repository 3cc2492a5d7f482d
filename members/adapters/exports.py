"""Where the files of members' copies lie: the storage `exports` of the settings, a folder or a bucket."""

from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime
from typing import IO

from django.core.files import File
from django.core.files.storage import Storage, storages

STORAGE = "exports"


def keep_copy(name: str, content: IO[bytes]) -> int:
    """Write a file under this very name, in place of what may stand there; answers its bytes."""
    storage = _storage()
    storage.delete(name)
    kept = storage.save(name, File(content))
    return int(storage.size(kept))


def open_copy(name: str) -> IO[bytes]:
    """
    :raises FileNotFoundError: it is gone.
    """
    if not name:
        raise FileNotFoundError
    return _storage().open(name)


def list_copies(beginning: str, *, before: datetime) -> list[str]:
    """Names that begin so, of files that were written before this moment."""
    storage = _storage()
    try:
        names = storage.listdir("")[1]
    except FileNotFoundError:  # a folder comes with its first file; whether a bucket is there cannot be asked
        return []
    found = []
    for name in names:
        with suppress(FileNotFoundError):  # it may go at any time
            if name.startswith(beginning) and storage.get_modified_time(name) < before:
                found.append(name)
    return found


def forget_copies(names: Iterable[str]) -> int:
    """Delete those that are there; answers how many."""
    storage = _storage()
    found = [name for name in names if storage.exists(name)]
    for name in found:
        storage.delete(name)
    return len(found)


def _storage() -> Storage:
    return storages[STORAGE]
