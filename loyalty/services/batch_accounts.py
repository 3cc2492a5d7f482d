"""The members of a batch: what each purchase of it changes for the next one of the same member."""

from dataclasses import dataclass, field
from datetime import date, datetime

from loyalty.queries.batches import DayNow, OfferNow
from loyalty.queries.checkout import MemberNow
from loyalty.rules.basket import Shopper, Use
from loyalty.rules.compile import Programme
from loyalty.rules.purchase import Climb, Counted, tier_code
from loyalty.rules.settle import Settlement
from loyalty.rules.tiers import Standing, counts_since
from loyalty.services.checkout import enrolled


@dataclass
class Account:
    """A member's wallet as the batch goes along."""

    member: MemberNow
    spendable: int = 0
    days: dict[date, DayNow] = field(default_factory=dict)
    standings: list[Standing] = field(default_factory=list)
    offers: list[OfferNow] = field(default_factory=list)
    used: dict[int, int] = field(default_factory=dict)
    is_new: bool = True
    labels: list[str] = field(default_factory=list)

    def counted(self, programme: Programme, at: datetime, on: date) -> Counted:
        """What counts towards tiers at a moment, and whether nothing was bought on a day so far."""
        member = enrolled(self.member, programme)
        until = at.astimezone(member.zone).date()
        since = counts_since(programme.ladder_at(at), until, member)
        minor = points = visits = days = 0
        for spent_on, day in self.days.items():
            if since <= spent_on <= until:
                minor += day.minor
                points += day.points
                visits += day.visits
                days += day.visits > 0
        is_new_day = on not in self.days or not self.days[on].visits
        return Counted(minor=minor, points=points, visits=visits, days=days, is_new_day=is_new_day)

    def shopper(self, programme: Programme, at: datetime, held: int, used: list[Use]) -> Shopper:
        """
        :param held: points set aside for this very purchase.
        :param used: what capped rules gave so far.
        """
        return Shopper(
            tier_code=tier_code(programme, self.standings, at),
            spendable=self.spendable + held,
            offers=[
                offer
                for offer in self.offers
                if offer.valid_from <= at < offer.valid_until and self.used.get(offer.id, 0) < offer.uses_left
            ],
            is_new=self.is_new,
            birthday=self.member.birthday,
            labels=self.labels,
            used=used,
        )

    def take_note(self, settlement: Settlement, change: Climb) -> None:
        """What a booked purchase changes for the next one of the batch."""
        day = self.days.get(change.spent_on, DayNow(0, 0, 0))
        self.days[change.spent_on] = DayNow(
            day.minor + settlement.qualifying_minor, day.points + settlement.points_earned, day.visits + 1
        )
        changed = {(standing.tier_id, standing.from_at) for standing in change.standings}
        kept = [each for each in self.standings if (each.tier_id, each.from_at) not in changed]
        self.standings = kept + change.standings
        self.spendable -= settlement.points_spent
        self.is_new = False
        for award in settlement.awards:
            if award.offer_id is not None:
                self.used[award.offer_id] = self.used.get(award.offer_id, 0) + 1
