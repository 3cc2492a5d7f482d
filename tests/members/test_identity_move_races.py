"""A phone moves while somebody is about to be let in by it: real transactions on real PostgreSQL."""

from collections.abc import Callable
from datetime import datetime

import pytest

from members.errors import CodeNotValid
from members.models import CodePurpose, Member, SignIn, SignInCode
from members.rules.identities import IdentityClaim, MoveEvidence
from members.services.identities import move_identity
from members.services.sign_in import sign_in
from members.services.sign_in_codes import request_code, use_code
from tests.members.factories import MemberFactory
from tests.slowly import others_at_it

PHONE = IdentityClaim("phone", "+12125550142")

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def ada() -> Member:
    return MemberFactory(phone=PHONE.value)


@pytest.fixture
def move(ada: Member, now: datetime) -> Callable[[], object]:
    """Ada's phone goes to somebody else."""
    to = MemberFactory(phone="+12125550143")
    return lambda: move_identity(
        PHONE,
        from_member_id=ada.pk,
        to_member_id=to.pk,
        evidence=MoveEvidence.CODE_TOLD,
        source="admin",
        actor="staff:1",
        now=now,
    )


@pytest.mark.parametrize("purpose", CodePurpose)
def test_a_code_asked_for_while_the_phone_moves_proves_nothing(
    move: Callable[[], object], send_codes: Callable[[], str], now: datetime, purpose: CodePurpose
) -> None:
    with others_at_it([move]):
        request_code(PHONE, purpose=purpose, now=now)
    code = send_codes()

    with pytest.raises(CodeNotValid):
        use_code(PHONE, code, purpose=purpose, now=now)

    assert code
    assert SignInCode.objects.get().tries == 1


def test_who_signs_in_while_the_phone_moves_waits_and_is_not_let_in(
    ada: Member, move: Callable[[], object], now: datetime
) -> None:
    with others_at_it([move]), pytest.raises(CodeNotValid):
        sign_in(ada.pk, proven=PHONE, device="", now=now)

    assert not SignIn.objects.exists()
