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
    if terms is None or terms.welcome_points == 0:
        return False
    return post_credit(
        Credit(
            member_id=member_id,
            points=terms.welcome_points,
            kind="bonus",
            cause="welcome",
            reason="welcome",
            actor="loyalty.welcome",
            happened_at=happened_at,
        ),
        programme=get_programme(terms.programme_id, stamp=terms.stamp),
        now=now,
    )
