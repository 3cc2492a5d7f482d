"""Consent in a merge: where the two said different things, no holds; nobody's yes is ever widened by it."""

from collections.abc import Collection
from datetime import datetime

from members.models import Consent, ConsentEvent, Merge
from members.rules.consents import Channel, ConsentWord, Purpose
from members.services.consents import record_consents

MERGING, PARTING = "merge", "merge_undone"


def hold_the_stricter(merge: Merge, *, now: datetime) -> list[list[str]]:
    """Where the one who goes said no and who stays said yes, no holds from now on, with the merge as its source.

    :return: [channel, purpose] of each.
    """
    refused = set(_said(merge.member_id, is_given=False)) & set(_said(merge.into_id, is_given=True))
    _record(merge.into_id, sorted(refused), MERGING, is_given=False, actor=merge.merged_by, now=now)
    return [list(pair) for pair in sorted(refused)]


def hold_as_before(merge: Merge, *, holders: Collection[int], now: datetime) -> None:
    """Who stayed has their own yes back, unless they have spoken since; who went keeps a no that was said since.

    :param holders: who stayed, and whom they went on to.
    """
    tightened = {(channel, purpose) for channel, purpose in merge.moved["members"]["consents"]}
    untouched = _said(merge.into_id, is_given=False, at=merge.merged_at)
    again = sorted(tightened & set(untouched))
    _record(merge.into_id, again, PARTING, is_given=True, actor=merge.undone_by, now=now)
    since = ConsentEvent.objects.filter(
        member_id__in=holders, is_given=False, recorded_at__gte=merge.merged_at
    ).exclude(source=MERGING)
    refused = set(since.values_list("channel", "purpose")) & set(_said(merge.member_id, is_given=True))
    _record(merge.member_id, sorted(refused), PARTING, is_given=False, actor=merge.undone_by, now=now)


def _said(member_id: int, *, is_given: bool, at: datetime | None = None) -> list[tuple[str, str]]:
    holding = Consent.objects.filter(member_id=member_id, is_given=is_given)
    if at is not None:
        holding = holding.filter(changed_at=at)
    return list(holding.values_list("channel", "purpose"))


def _record(
    member_id: int, pairs: list[tuple[str, str]], source: str, *, is_given: bool, actor: str, now: datetime
) -> None:
    words = [
        ConsentWord(channel=Channel(channel), purpose=Purpose(purpose), is_given=is_given)
        for channel, purpose in pairs
    ]
    if words:
        record_consents(member_id, words, source=source, actor=actor, happened_at=now, now=now)
