"""Declaring what a programme is: its terms, and the ladder of its tiers."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import msgspec
from django.db import transaction

from loyalty.errors import TermsNotValid
from loyalty.models import Benefit, CorrectionLimit, ProgrammeTerms, Tier
from loyalty.rules.back_tests import TriedTier, definition_of
from loyalty.rules.ladders import LadderTerms
from loyalty.rules.lots import Expiry, ExpiryKind, KeptAliveBy, fault_in
from loyalty.services.ladders import publish_ladder

DECLARED_BY = "set-up"
"""Who made the ladder that a programme begins with."""


class TermsDraft(msgspec.Struct, frozen=True, kw_only=True):
    """`burn_points` pay `burn_minor`; points live for ever with `expiry_days` None, and no proof is asked with
    `proof_above` None.
    """

    burn_points: int = 10
    burn_minor: int = 1
    maturity_days: int = 0
    expiry_days: int | None = 365
    expiry_kind: ExpiryKind = "rolling"
    expiry_on: date | None = None
    kept_alive_by: KeptAliveBy = "purchase"
    welcome_points: int = 0
    rules_need_approval: bool = True
    proof_above: int | None = None
    transfer_points_a_day: int | None = 0
    households_share: bool = True
    households_share_tier: bool = False


class BenefitDraft(msgspec.Struct, frozen=True, kw_only=True):
    """What a tier brings beside points. `kind`: one of `loyalty.models.BenefitKind`."""

    code: str
    kind: str
    title: str
    description: str = ""
    uses: int | None = 1
    is_each_year: bool = False


class TierDraft(TriedTier, frozen=True, kw_only=True):
    """A step of the ladder: what it asks for and what it brings."""

    name: str
    benefits: Sequence[BenefitDraft] = ()


@transaction.atomic
def declare_programme(
    programme_id: int,
    *,
    terms: TermsDraft,
    ladder: Sequence[TierDraft],
    ladder_terms: LadderTerms = LadderTerms(),  # noqa: B008 - frozen
    limits: Mapping[str, int] | None = None,
    now: datetime,
) -> bool:
    """Give a programme its terms and tiers, the lowest first. One that has terms is left as it is.

    :param limits: role -> how many points it corrects alone.
    :return: whether they were declared now.
    :raises TermsNotValid: points cannot run out as the terms say.
    """
    expiry = Expiry(
        kind=terms.expiry_kind,
        days=terms.expiry_days,
        on=terms.expiry_on,
        kept_alive_by=terms.kept_alive_by,
    )
    if fault := fault_in(expiry, maturity_days=terms.maturity_days):
        raise TermsNotValid(fault)
    _, is_new = ProgrammeTerms.objects.get_or_create(
        programme_id=programme_id, defaults=msgspec.structs.asdict(terms)
    )
    if not is_new:
        return False
    for rank, draft in enumerate(ladder):
        tier = Tier.objects.create(
            programme_id=programme_id,
            code=draft.code,
            name=draft.name,
            rank=rank,
        )
        for benefit in draft.benefits:
            Benefit.objects.create(tier=tier, **msgspec.structs.asdict(benefit))
    if ladder:
        publish_ladder(
            programme_id=programme_id,
            definition=definition_of(ladder, ladder_terms),
            made_by=DECLARED_BY,
            now=now,
        )
    for role, points in (limits or {}).items():
        CorrectionLimit.objects.create(programme_id=programme_id, role=role, points=points)
    return True
