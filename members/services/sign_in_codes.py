"""One-time codes: asked for at a door, made and sent when the request's event is delivered, used once.

So the door does the same work for everybody, answers before any carrier is asked, and no code is ever stored in clear.
"""

import secrets
from datetime import datetime

from django.conf import settings
from django.db import connection, transaction

from config.outbox.services import publish
from members.adapters.codes import send_code
from members.errors import CodeNotValid
from members.events import SignInCodeRequested
from members.models import CodePurpose, SignInCode
from members.rules.identities import IdentityClaim
from members.rules.sign_in import CODE_DIGITS, CODE_LIVES, MOST_TRIES, code_digest, is_code
from members.services.sign_in import SignedIn, Visitor, sign_in


@transaction.atomic
def request_code(claim: IdentityClaim, *, purpose: CodePurpose = CodePurpose.SIGN_IN, now: datetime) -> None:
    """Note that somebody wants to prove to be the member who goes by this, if there is one."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO members_signincode"
            " (purpose, identity_kind, identity_value, member_id, requested_at, expires_at, tries)"
            " VALUES (%s, %s, %s, (SELECT member_id FROM members_identity WHERE kind = %s AND value = %s), %s, %s, 0)"
            " RETURNING id",
            [purpose, claim.kind, claim.value, claim.kind, claim.value, now, now + CODE_LIVES],
        )
        request_id = int(cursor.fetchone()[0])
    publish(SignInCodeRequested(request_id=request_id), member_id=None, happened_at=now, now=now)


@transaction.atomic
def make_and_send_code(request_id: int, *, now: datetime) -> None:
    """Make the code of a request and send it to the identity it was asked for; nothing for a stranger.

    Done again, it makes and sends another code, and the first is void.

    :raises Exception: if the carrier did not take it; no code is stored then.
    """
    request = SignInCode.objects.select_for_update().filter(pk=request_id).first()
    if request is None or request.member_id is None or request.used_at or request.expires_at <= now:
        return
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}d}"
    request.code_hash = code_digest(code, request_id=request.pk, secret=settings.SECRET_KEY)
    request.save(update_fields=["code_hash"])
    send_code(
        IdentityClaim(request.identity_kind, request.identity_value),
        code,
        ref=f"code-{request.pk}",
        is_for_cashier=request.purpose == CodePurpose.PRESENCE,
    )


def exchange_code(
    claim: IdentityClaim, code: str, *, device: str = "", visitor: Visitor | None = None, now: datetime
) -> SignedIn:
    """Sign in with the newest code of an identity.

    :raises CodeNotValid: as `use_code`.
    """
    member_id = use_code(claim, code, purpose=CodePurpose.SIGN_IN, now=now)
    return sign_in(member_id, proven=claim, device=device, visitor=visitor, now=now)


def use_code(claim: IdentityClaim, code: str, *, purpose: CodePurpose, now: datetime) -> int:
    """Use the newest code of an identity, once. A try is spent and stays spent, whatever comes of it.

    :return: the id of the member who has proven to hold the identity.
    :raises CodeNotValid: if it is not that code, or that was used, ran out or was tried too often.
    """
    request_id, member_id, digest = _spend_try(claim, purpose=purpose, now=now)
    if not is_code(code, digest, request_id=request_id, secret=settings.SECRET_KEY) or member_id is None:
        raise CodeNotValid
    if not SignInCode.objects.filter(pk=request_id, used_at__isnull=True).update(used_at=now):
        raise CodeNotValid
    return member_id


def _spend_try(
    claim: IdentityClaim, *, purpose: CodePurpose, now: datetime
) -> tuple[int, int | None, bytes | None]:
    """Count one try on the newest request: its id, member and digest; (0, None, None) if it takes none.

    Nobody is the member of a code whose identity has moved since: it may have been asked for while the move went on.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE members_signincode SET tries = tries + 1 WHERE id = ("
            "  SELECT id FROM members_signincode WHERE purpose = %s AND identity_kind = %s AND identity_value = %s"
            "  ORDER BY id DESC LIMIT 1"
            ") AND used_at IS NULL AND expires_at > %s AND tries < %s RETURNING id, ("
            "  SELECT i.member_id FROM members_identity i WHERE i.kind = identity_kind AND i.value = identity_value"
            "  AND i.member_id = members_signincode.member_id"
            "), code_hash",
            [purpose, claim.kind, claim.value, now, MOST_TRIES],
        )
        row = cursor.fetchone()
    if row is None:
        return 0, None, None
    request_id, member_id, digest = row
    return request_id, member_id, None if digest is None else bytes(digest)


def purge_codes(*, before: datetime) -> int:
    """Delete requests for codes that ran out before a moment, strangers' identities with them. Answers how many."""
    deleted, _ = SignInCode.objects.filter(expires_at__lt=before).delete()
    return deleted
