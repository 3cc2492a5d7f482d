"""Making, rotating and revoking the keys of tills and integrations."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Q

from omnichannel.errors import KeyAlreadyRevoked, PlaceNotFound, TillNotFound
from omnichannel.models import ApiKey, Place, Till
from omnichannel.queries import keys
from omnichannel.rules.keys import digest_of, new_key_text, prefix_of
from omnichannel.rules.scopes import known_scopes

OVERLAP = timedelta(days=1)
"""How long the old key stays valid after a rotation, unless told otherwise."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made. `text` exists here and nowhere else: show it once, never log it."""

    id: int
    text: str

    def __repr__(self) -> str:
        return f"NewKey(id={self.id})"


@transaction.atomic
def make_key(
    *,
    name: str,
    scopes: Iterable[str],
    till_id: int | None = None,
    place_id: int | None = None,
    programme_id: int | None = None,
    expires_at: datetime | None = None,
    made_by: str = "",
    now: datetime,
) -> NewKey:
    """Make a key for a till, or for a place, or for a programme, or (with none of them) for the whole house.

    :raises ScopeNotKnown: if a scope is not one of `rules.scopes.SCOPES`.
    :raises TillNotFound: if there is no such till.
    :raises PlaceNotFound: if there is no such place.
    """
    place_id, programme_id = _stand_of(till_id, place_id, programme_id)
    text = new_key_text()
    key = ApiKey.objects.create(
        name=name,
        prefix=prefix_of(text),
        secret_hash=digest_of(text),
        scopes=known_scopes(scopes),
        till_id=till_id,
        place_id=place_id,
        programme_id=programme_id,
        expires_at=expires_at,
        made_at=now,
        made_by=made_by,
    )
    return NewKey(key.pk, text)


@transaction.atomic
def rotate_key(key_id: int, *, overlap: timedelta = OVERLAP, made_by: str = "", now: datetime) -> NewKey:
    """Make a successor with the same rights. The old key stays valid for `overlap`, then ends by itself.

    :raises KeyNotFound: if there is no such key.
    :raises KeyAlreadyRevoked: if it was revoked.
    """
    old = keys.lock_key(key_id)
    if old.revoked_at is not None:
        raise KeyAlreadyRevoked
    text = new_key_text()
    successor = ApiKey.objects.create(
        name=old.name,
        prefix=prefix_of(text),
        secret_hash=digest_of(text),
        scopes=old.scopes,
        till_id=old.till_id,
        place_id=old.place_id,
        programme_id=old.programme_id,
        expires_at=old.expires_at,
        made_at=now,
        made_by=made_by,
        rotated_from=old,
    )
    ends_at = now + overlap
    old.expires_at = ends_at if old.expires_at is None else min(old.expires_at, ends_at)
    old.save(update_fields=["expires_at"])
    return NewKey(successor.pk, text)


@transaction.atomic
def revoke_key(key_id: int, *, now: datetime) -> None:
    """End a key for ever; every door refuses it from its next request on.

    :raises KeyNotFound: if there is no such key.
    :raises KeyAlreadyRevoked: if it was revoked before.
    """
    key = keys.lock_key(key_id)
    if key.revoked_at is not None:
        raise KeyAlreadyRevoked
    key.revoked_at = now
    key.save(update_fields=["revoked_at"])


def note_use(key_id: int, *, on: date) -> None:
    """Remember the day a key was last used: at most one write a day, however busy the till."""
    ApiKey.objects.filter(Q(last_used_on__isnull=True) | Q(last_used_on__lt=on), pk=key_id).update(
        last_used_on=on
    )


def _stand_of(
    till_id: int | None, place_id: int | None, programme_id: int | None
) -> tuple[int | None, int | None]:
    """The place and programme that follow from the most exact thing named."""
    if till_id is not None:
        till = Till.objects.select_related("place").filter(pk=till_id).first()
        if till is None:
            raise TillNotFound
        return till.place_id, till.place.programme_id
    if place_id is not None:
        place = Place.objects.filter(pk=place_id).first()
        if place is None:
            raise PlaceNotFound
        return place.pk, place.programme_id
    return None, programme_id
