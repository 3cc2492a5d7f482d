"""Members for tests, made as the doors make them: by enrolling."""

from datetime import UTC, datetime
from typing import Any

import factory

from members.models import Member
from members.rules.identities import claim
from members.rules.people import person
from members.services.enrolment import enrol
from members.services.sign_in import sign_in

NOW = datetime(2026, 11, 21, 10, 15, tzinfo=UTC)
# No area that a test names, and no last digits that one looks for: nobody made beside is found in their place.
AREAS = (206, 213, 214, 303, 312, 404, 415, 503, 512, 602, 617, 702, 713, 801, 816, 901, 916, 918)


def fictional_phone(number: int) -> str:
    """One of 720 numbers that are kept for fiction (+1 AAA 555 0102 to 0141)."""
    return f"+1{AREAS[number // 40 % len(AREAS)]}55501{2 + number % 40:02d}"


class MemberFactory(factory.Factory[Member]):
    """`MemberFactory(phone=..., email=..., given_name=..., via=..., now=...)`; every one has a phone and a card."""

    class Meta:
        model = Member

    phone = factory.Sequence(fictional_phone)
    given_name = factory.Sequence(lambda n: f"Ada{n}")
    family_name = "Lovelace"
    via = "till"
    now = NOW

    @classmethod
    def _create(cls, model_class: type[Member], *_args: Any, **told: Any) -> Member:
        kinds = ("phone", "email", "card", "external")
        claims = [claim(kind, text) for kind in kinds if (text := told.pop(kind, None))]
        how = {name: told.pop(name) for name in ("via", "now", "place_code", "consents") if name in told}
        enrolled = enrol(identities=claims, person=person(**told), actor="test:1", **how)
        assert enrolled.is_new, "This member exists already."
        return Member.objects.get(pk=enrolled.member_id)


def bearer_of(member: Member, *, now: datetime) -> str:
    """The `Authorization` header of an app in which this member is signed in, by the first of their phones."""
    phone = claim("phone", member.identities.filter(kind="phone").order_by("pk")[0].value)
    return f"Bearer {sign_in(member.pk, proven=phone, device='test', now=now).access_token}"
