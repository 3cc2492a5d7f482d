"""The real coupons of the Complete Journey as vouchers, and its real redemptions told at a till once more.

Each coupon becomes a series with its list of products, good as long as its campaign; its worth is what it took off most
often. Each household that a campaign was sent to gets a voucher of a coupon when it brings it. Nothing is kept: the
caller's transaction is thrown away.
"""

import csv
import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

from loyalty.models import VoucherSeries
from loyalty.rules.basket import Line
from loyalty.rules.purchase import Purchase
from loyalty.rules.scope import Scope
from loyalty.rules.vouchers import AmountOff, VoucherDefinition
from loyalty.services.batches import import_purchases
from loyalty.services.checkout import Booked
from loyalty.services.programmes import TermsDraft, TierDraft, declare_programme
from loyalty.services.purchase_facts import Teller
from loyalty.services.vouchers import issue_vouchers, open_series
from members.rules.identities import claim
from members.services.enrolment import enrol
from omnichannel.services.places import open_place, open_programme

ZONE = ZoneInfo("America/New_York")
USUAL_MINOR = 100
"""What a coupon is taken for that took nothing off anywhere."""

Row = dict[str, str]


@dataclass
class Journey:
    """The files, as far as they are about coupons. Days and household-days as they are written there."""

    folder: Path
    products: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    campaigns: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    sent: set[tuple[str, str]] = field(default_factory=set)
    redemptions: list[Row] = field(default_factory=list)
    baskets: dict[tuple[str, str], dict[str, list[Row]]] = field(default_factory=dict)

    def read(self) -> None:
        """Read what is there."""
        for row in self._rows("coupons"):
            self.products[row["coupon_upc"]].add(row["product_id"])
        for row in self._rows("campaign_descriptions"):
            ends = _midnight(row["end_date"]) + timedelta(days=1)
            self.campaigns[row["campaign_id"]] = _midnight(row["start_date"]), ends
        self.sent = {(row["campaign_id"], row["household_id"]) for row in self._rows("campaigns")}
        self.redemptions = sorted(self._rows("coupon_redemptions"), key=lambda row: row["redemption_date"])
        days = {(row["household_id"], row["redemption_date"]) for row in self.redemptions}
        for row in self._rows("transactions"):
            day = row["household_id"], row["transaction_timestamp"][:10]
            if day in days:
                self.baskets.setdefault(day, {}).setdefault(row["basket_id"], []).append(row)

    def worth_of(self, coupon: str) -> int:
        """What the coupon took off most often, in cents."""
        taken = Counter(
            _cents(line["coupon_disc"])
            for each in self.redemptions
            if each["coupon_upc"] == coupon
            for lines in self.baskets.get((each["household_id"], each["redemption_date"]), {}).values()
            for line in lines
            if line["product_id"] in self.products[coupon] and _cents(line["coupon_disc"])
        )
        return max(taken, key=lambda minor: (taken[minor], -minor)) if taken else USUAL_MINOR

    def basket_for(self, redemption: Row) -> tuple[str, list[Row]] | None:
        """The basket of that day that holds a product of the coupon, or else the first."""
        day = redemption["household_id"], redemption["redemption_date"]
        baskets = self.baskets.get(day, {})
        listed = self.products[redemption["coupon_upc"]]
        fitting = [one for one in baskets.items() if any(line["product_id"] in listed for line in one[1])]
        return next(iter(fitting or list(baskets.items())), None)

    def _rows(self, name: str) -> Iterator[Row]:
        with gzip.open(self.folder / f"{name}.csv.gz", "rt", newline="") as file:
            yield from csv.DictReader(file)


class Replay:
    """A programme of its own, into which coupons and their redemptions are told."""

    def __init__(self, journey: Journey, now: datetime) -> None:
        self.journey, self.now = journey, now
        programme = open_programme(
            code="coupon-replay",
            name="Coupon replay",
            timezone=ZONE.key,
            currency="USD",
            region="US",
        )
        steps = [TierDraft(code="member", name="Member", threshold_minor=0)]
        declare_programme(programme.pk, terms=TermsDraft(), ladder=steps, now=now)
        self.programme, self.place = programme, open_place(programme_id=programme.pk, code="S", name="Store")
        self.series: dict[tuple[str, str], VoucherSeries] = {}
        self.members: dict[str, int] = {}
        self.number = 0

    def tell(self, redemption: Row) -> str:
        """Bring the coupon to the purchase of that day; "" if the till took it, else why not, by the reason's code."""
        found = self.journey.basket_for(redemption)
        if found is None:
            return "no_purchase_that_day"
        household, campaign = redemption["household_id"], redemption["campaign_id"]
        if (campaign, household) not in self.journey.sent:
            return "campaign_was_not_sent"
        code = self._voucher(household, redemption["coupon_upc"], campaign)
        outcome = import_purchases(
            purchases=[self._purchase(household, found[1], code)],
            teller=Teller(key_id=0, name="replay"),
            now=self.now,
        )[0]
        if not isinstance(outcome, Booked):
            return outcome.code
        return _verdict(outcome.body)

    def _voucher(self, household: str, coupon: str, campaign: str) -> str:
        starts, ends = self.journey.campaigns[campaign]
        if (coupon, campaign) not in self.series:
            scope = Scope(skus=sorted(self.journey.products[coupon]))
            self.series[coupon, campaign] = open_series(
                programme_id=self.programme.pk,
                code=f"coupon-{coupon}-{campaign}",
                name=f"Coupon {coupon}",
                definition=VoucherDefinition(
                    gives=AmountOff(minor=self.journey.worth_of(coupon), scope=scope),
                    starts_at=starts,
                    ends_at=ends,
                ),
                by="replay",
                now=starts,
            )
        if household not in self.members:
            known_as = claim("external", f"coupon-replay:{household}", region="US")
            self.members[household] = enrol(
                identities=[known_as], via="import", actor="replay", now=self.now
            ).member_id
        self.number += 1
        member = self.members[household]
        series = self.series[coupon, campaign].pk
        return issue_vouchers(series, [member], cause=f"redemption:{self.number}", by="replay", now=starts)[
            member
        ]

    def _purchase(self, household: str, lines: list[Row], code: str) -> Purchase:
        at = datetime.fromisoformat(lines[0]["transaction_timestamp"]).replace(tzinfo=ZONE)
        return Purchase(
            number=f"R-{self.number}",
            source="import",
            programme_id=self.programme.pk,
            programme_code=self.programme.code,
            place_id=self.place.pk,
            place_code=self.place.code,
            till_id=None,
            placed_at=at,
            told_at=at,
            timezone=ZONE.key,
            currency="USD",
            lines=[_line(row) for row in lines],
            member=("external", f"coupon-replay:{household}"),
            voucher_codes=[code],
        )


def _line(row: Row) -> Line:
    """A line as it stood before the coupon: what the retailer's own discounts took off is its discount."""
    off = _cents(row["retail_disc"]) + _cents(row["coupon_match_disc"])
    price = _cents(row["sales_value"]) + off
    return Line(sku=row["product_id"], quantity=1, unit_price_minor=price, discount_minor=off)


def _verdict(body: str) -> str:
    settlement = json.loads(body)["settlement"]
    if settlement["vouchers_used"]:
        return ""
    return next(
        (str(one["code"]) for one in settlement["not_applied"] if one["what"].startswith("voucher ")),
        "unknown",
    )


def _cents(dollars: str) -> int:
    return int((Decimal(dollars or 0) * 100).to_integral_value())


def _midnight(day: str) -> datetime:
    return datetime.combine(datetime.fromisoformat(day).date(), time(), ZONE).astimezone(UTC)
