"""Counting how common names are, so that sharing a common one says less."""

from collections import Counter

from django.db import connection, transaction

from members.models import CommonName
from members.queries.duplicates import list_names
from members.rules.namesakes import NameCounts, name_counts, names_of

READ_AT_ONCE = 10_000
WRITTEN_AT_ONCE = 5_000


def count_common_names() -> int:
    """Count anew how many active members bear each name. Safe to repeat, any number at once.

    :return: how many names are common enough to be counted.
    """
    bearers: Counter[str] = Counter()
    members = after = 0
    while known := list_names(after=after, limit=READ_AT_ONCE):
        after = max(known)
        members += len(known)
        for one in known.values():
            bearers.update(names_of(one))
    counted = name_counts(bearers, members)
    _write(counted)
    return len(counted.bearers)


@transaction.atomic
def _write(counted: NameCounts) -> None:
    """One count at a time; who reads sees the one before until this is committed."""
    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE members_commonname IN SHARE ROW EXCLUSIVE MODE")
    CommonName.objects.all().delete()
    CommonName.objects.bulk_create(
        (
            CommonName(name=name, bearers=bearers, members=counted.members)
            for name, bearers in counted.bearers.items()
        ),
        batch_size=WRITTEN_AT_ONCE,
    )
