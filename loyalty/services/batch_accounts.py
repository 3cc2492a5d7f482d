"""The members of a batch: what each purchase of it changes for the next one of the same member."""

from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from loyalty.queries.batches import OfferNow
from loyalty.queries.checkout import MemberNow
from loyalty.rules.basket import Shopper, Use
from loyalty.rules.compile import Programme
from loyalty.rules.purchase import Climb, Spent, tier_code
from loyalty.rules.settle import Settlement
from loyalty.rules.tiers import Standing, window_starts_on


@dataclass
class Account:
    """A member's wallet as the batch goes along."""

    member: MemberNow
    spendable: int = 0
    days: dict[date, int] = field(default_factory=dict)
    standings: list[Standing] = field(default_factory=list)
    offers: list[OfferNow] = field(default_factory=list)
    used: dict[int, int] = field(default_factory=dict)
    is_new: bool = True
    labels: list[str] = field(default_factory=list)

    def window(self, until: date) -> int:
        """What counts towards tiers on a day."""
        since = window_starts_on(until)
        return sum(minor for day, minor in self.days.items() if since <= day <= until)

    def spent(self, placed_at: datetime, now: datetime, zone: ZoneInfo) -> Spent:
        """What counts at the moment of a purchase, and now."""
        return Spent(
            at_purchase_minor=self.window(placed_at.astimezone(zone).date()),
            now_minor=self.window(now.astimezone(zone).date()),
        )

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
        self.days[change.spent_on] = self.days.get(change.spent_on, 0) + settlement.payable_minor
        changed = {(standing.tier_id, standing.from_at) for standing in change.standings}
        kept = [each for each in self.standings if (each.tier_id, each.from_at) not in changed]
        self.standings = kept + change.standings
        self.spendable -= settlement.points_spent
        self.is_new = False
        for award in settlement.awards:
            if award.offer_id is not None:
                self.used[award.offer_id] = self.used.get(award.offer_id, 0) + 1
