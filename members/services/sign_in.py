"""Signing members in and out: tokens are made here, shown once, and kept as digests."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from config.outbox.services import publish
from members.errors import CodeNotValid, MemberNotActive, RefreshTokenNotValid
from members.events import MemberSignedIn
from members.models import AccessToken, Identity, RefreshToken, SignIn
from members.models.members import MemberState
from members.queries.sign_in import lock_holder, lock_refresh_token
from members.rules.identities import IdentityClaim
from members.rules.sign_in import ACCESS_LIVES, ACCESS_MARK, REFRESH_LIVES, REFRESH_MARK, digest_of


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A fresh pair of tokens. They exist here and nowhere else: never log them."""

    access_token: str
    refresh_token: str
    expires_at: datetime

    def __repr__(self) -> str:
        return f"SignedIn(expires_at={self.expires_at!r})"


@dataclass(frozen=True, slots=True)
class Visitor:
    """By which names the house was told of a device or session before anybody signed in there; "" for none."""

    device: str = ""
    session: str = ""


@transaction.atomic
def sign_in(
    member_id: int, *, proven: IdentityClaim, device: str, visitor: Visitor | None = None, now: datetime
) -> SignedIn:
    """Begin a sign-in of a member who has just proven to hold an identity.

    :param visitor: announced, so that what was told of it becomes the member's.
    :raises CodeNotValid: if it has moved to somebody else since.
    :raises MemberNotActive: if the member was merged or erased.
    """
    member = lock_holder(member_id, proven)
    if member is None:
        raise CodeNotValid
    if member.state != MemberState.ACTIVE:
        raise MemberNotActive
    Identity.objects.filter(
        kind=proven.kind, value=proven.value, member_id=member_id, verified_at__isnull=True
    ).update(verified_at=now)
    begun = SignIn.objects.create(
        member_id=member_id,
        device=device,
        signed_in_at=now,
        refreshed_at=now,
        expires_at=now + REFRESH_LIVES,
    )
    if visitor is not None:
        told = MemberSignedIn(device=visitor.device, session=visitor.session)
        publish(told, member_id=member_id, happened_at=now, now=now)
    return _make_tokens(begun, now=now)


def refresh(refresh_token: str, *, now: datetime) -> SignedIn:
    """Exchange a refresh token, once, for the next pair of tokens.

    A token that comes a second time is in two hands, and nobody knows which is the thief's: the sign-in ends for both.

    :raises RefreshTokenNotValid: if it is unknown, used, or its sign-in has ended.
    """
    with transaction.atomic():
        held = lock_refresh_token(digest_of(refresh_token))
        if held is not None and held.sign_in.ended_at is None and held.used_at is not None:
            _end(held.sign_in, because="reuse", now=now)
        elif held is not None and held.sign_in.ended_at is None and held.sign_in.expires_at > now:
            held.used_at = now
            held.save(update_fields=["used_at"])
            held.sign_in.refreshed_at = now
            held.sign_in.expires_at = now + REFRESH_LIVES
            held.sign_in.save(update_fields=["refreshed_at", "expires_at"])
            return _make_tokens(held.sign_in, now=now)
    raise RefreshTokenNotValid


@transaction.atomic
def sign_out(sign_in_id: int, *, now: datetime) -> None:
    """End a sign-in: its tokens open nothing from this moment on. Safe to repeat."""
    begun = SignIn.objects.select_for_update().get(pk=sign_in_id)
    if begun.ended_at is None:
        _end(begun, because="logout", now=now)


def end_sign_ins(member_id: int, *, because: str, begun_from: datetime | None = None, now: datetime) -> None:
    """End all sign-ins of a member, or those that began from a moment on. Safe to repeat."""
    going_on = SignIn.objects.filter(member_id=member_id, ended_at__isnull=True)
    if begun_from is not None:
        going_on = going_on.filter(signed_in_at__gte=begun_from)
    going_on.update(ended_at=now, ended_because=because)


def purge_sign_ins(*, before: datetime) -> int:
    """Delete tokens and sign-ins that ran out or ended before a moment. Answers how many sign-ins went."""
    AccessToken.objects.filter(expires_at__lt=before).delete()
    gone = SignIn.objects.filter(expires_at__lt=before) | SignIn.objects.filter(ended_at__lt=before)
    _, by_table = gone.delete()
    return by_table.get("members.SignIn", 0)


def _make_tokens(begun: SignIn, *, now: datetime) -> SignedIn:
    access, refreshing = ACCESS_MARK + secrets.token_urlsafe(32), REFRESH_MARK + secrets.token_urlsafe(32)
    expires_at = now + ACCESS_LIVES
    AccessToken.objects.create(
        token_hash=digest_of(access), member_id=begun.member_id, sign_in=begun, expires_at=expires_at
    )
    RefreshToken.objects.create(
        token_hash=digest_of(refreshing), member_id=begun.member_id, sign_in=begun, made_at=now
    )
    return SignedIn(access_token=access, refresh_token=refreshing, expires_at=expires_at)


def _end(begun: SignIn, *, because: str, now: datetime) -> None:
    begun.ended_at = now
    begun.ended_because = because
    begun.save(update_fields=["ended_at", "ended_because"])
