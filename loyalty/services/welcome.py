"""Welcome points: given once to a new member, if the programme gives any."""

from datetime import datetime

from loyalty.models import ProgrammeTerms
from loyalty.queries.programmes import get_programme
from loyalty.services.ledger import Credit, post_credit


def welcome(member_id: int, *, programme_code: str, happened_at: datetime, now: datetime) -> bool:
    """Credit the programme's welcome points. A member enrolled outside of any programme gets none.

    :return: whether points were credited now.
    """
    terms = ProgrammeTerms.objects.filter(programme__code=programme_code).first()
    if terms is None:
        return False
    programme = get_programme(terms.programme_id, stamp=terms.stamp)
    points = programme.terms_at(happened_at).welcome_points
    if points == 0:
        return False
    return post_credit(
        Credit(
            member_id=member_id,
            points=points,
            kind="bonus",
            cause="welcome",
            reason="welcome",
            actor="loyalty.welcome",
            happened_at=happened_at,
        ),
        programme=programme,
        now=now,
    )
