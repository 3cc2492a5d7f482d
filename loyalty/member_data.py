"""What loyalty holds of a person: the panels on the member's page. One statement for each, however much there is."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from django.urls import reverse

from config.ground.moments import day, moment
from config.ground.personal import Held
from config.ground.retention import Period
from loyalty.models import Redemption, TierStanding
from loyalty.models.personal import HELD, RETENTION
from loyalty.queries import holdings
from loyalty.queries.challenge_board import ChallengeHeld, list_badges_held, list_challenges_held
from loyalty.queries.given_tiers import is_by_household, list_tiers_given_now
from loyalty.queries.holdings import BenefitHeld, Holding, LotHeld, Movement, OfferHeld
from loyalty.queries.member_figures import list_figures
from loyalty.queries.redemptions import list_latest
from loyalty.queries.timeline import SOURCES, points_of_purchases
from loyalty.queries.voucher_lists import VoucherRow, answers_of, list_vouchers_held
from loyalty.rules.lots import UNTIL_COLLECTED
from loyalty.rules.redemptions import ENDED
from members.member_data import Act, Cell, Fact, Panel, Traces
from members.queries.timeline_sources import read_happenings
from members.rules.timeline import Asked, Happening, Remark
from omnichannel.queries.places import list_programmes_served
from omnichannel.queries.timeline import scope_of

GIVE, END = "loyalty.add_tierstanding", "loyalty.change_tierstanding"
_UTC = ZoneInfo("UTC")
_LABELS: dict[str, Literal["good", "bad", "muted"]] = {
    "open": "good",
    "issued": "good",
    "rolled back": "good",
    "reserved": "muted",
    "redeemed": "muted",
    "revoked": "bad",
    "granted": "good",
    "pending": "muted",
    "scheduled": "muted",
    "used": "muted",
    "used up": "muted",
    "empty": "muted",
    "complete": "good",
    "ended": "muted",
    "expired": "bad",
}


class Points:
    """Wallets, lots, movements, tiers, challenges and offers of a member, in the days of each wallet's programme."""

    def panels(self, member_id: int, *, now: datetime, viewer_id: int | None = None) -> Sequence[Panel]:
        served = list_programmes_served(viewer_id) if viewer_id else []
        held = [
            one
            for one in holdings.list_holdings(member_id, now=now)
            if not served or one.programme_id in served
        ]
        ids = [one.wallet_id for one in held]
        zone = ZoneInfo(held[0].timezone) if held else _UTC
        return [
            *([_wallet(one, is_only=len(held) == 1) for one in held] or [NO_WALLET]),
            _tier(held, holdings.list_benefits_held(ids, now=now), list_tiers_given_now(ids, now=now), zone),
            _challenges(list_challenges_held(member_id, now=now), list_badges_held(member_id)),
            _vouchers(list_vouchers_held(member_id, now=now), zone),
            _offers(holdings.list_offers_held(member_id, now=now), zone),
            _rewards(list_latest(member_id, served), zone),
            _lots(holdings.list_lots(ids, now=now), zone),
            _entries(holdings.list_movements(ids), zone),
        ]

    def holds(self) -> Sequence[Held]:
        return HELD

    def retention(self) -> Sequence[Period]:
        return RETENTION

    def kinds(self) -> Mapping[str, str]:
        return {source.kind: source.title for source in SOURCES}

    def timeline(self, asked: Asked) -> Sequence[Happening]:
        return read_happenings(SOURCES, asked, scope_of(asked))

    def remarks(self, people: Sequence[int], told: Sequence[Happening]) -> Mapping[str, Remark]:
        return points_of_purchases(people, told)

    def forget_files(self, member_id: int, traces: Traces) -> int:
        return 0

    def sums(self, member_id: int, *, programme_id: int | None = None, now: datetime) -> Sequence[Fact]:
        return list_figures(member_id, programme_id=programme_id, now=now)


NO_WALLET = Panel(title="Wallet", order=20, empty="No points yet: the first purchase opens the wallet.")


def _wallet(held: Holding, *, is_only: bool) -> Panel:
    wallet, zone = held.wallet, ZoneInfo(held.timezone)
    page = reverse("admin:loyalty_wallet_change", args=[held.wallet_id])
    expiry = wallet.next_expiry
    facts = [
        Fact("Balance", Cell(f"{wallet.balance:,} points", "number", page)),
        Fact("Can be spent now", Cell(f"{wallet.spendable:,}", "number")),
        Fact("Pending", Cell(f"{wallet.pending:,}", "number")),
        *(
            [Fact("Owed", Cell(f"{wallet.debt:,}", "number"), note="paid by the next points")]
            if wallet.debt
            else []
        ),
        Fact(
            "Next expiry",
            Cell(f"{expiry.points:,}" if expiry else "none", "number"),
            note=f"after {_last_day(expiry.at, zone)}" if expiry else "",
        ),
    ]
    title = "Wallet" if is_only else f"Wallet: {held.programme}"
    return Panel(title=title, order=20, facts=tuple(facts))


def _tier(
    held: Sequence[Holding], benefits: Sequence[BenefitHeld], given: Sequence[TierStanding], zone: ZoneInfo
) -> Panel:
    facts, acts = [], []
    for one in held:
        tier = one.wallet.tier
        if tier is None:
            continue
        facts.append(Fact("Tier" if len(held) == 1 else one.programme, tier.name))
        if tier.keep:
            facts.append(Fact("Held", tier.keep.words))
        if tier.next and tier.next.words:
            facts.append(Fact("Progress", tier.next.words))
        give = reverse("admin:loyalty_wallet_give_tier", args=[one.wallet_id])
        acts.append(Act("Give a tier" if len(held) == 1 else f"Give a tier of {one.programme}", give, GIVE))
    for each in given:
        until = f"until {_last_day(each.until_at, zone)}"
        if is_by_household(each):
            facts.append(Fact("By the household", each.tier.name, note=until))
            continue
        facts.append(Fact("Given by hand", each.tier.name, note=f"{until}: {each.reason}"))
        acts.append(
            Act(f"End {each.tier.name}", reverse("admin:loyalty_wallet_end_tier", args=[each.wallet_id]), END)
        )
    return Panel(
        title="Tier and benefits",
        order=22,
        facts=tuple(facts),
        acts=tuple(acts),
        columns=("Benefit", "By tier", "Until", "State") if benefits else (),
        rows=tuple(
            (one.title, one.tier, _last_day(one.valid_until, zone), _label(one.state)) for one in benefits
        ),
    )


def _vouchers(held: Sequence[VoucherRow], zone: ZoneInfo) -> Panel:
    return Panel(
        title="Vouchers",
        order=23,
        columns=("Voucher", "Gives", "Until", "State"),
        rows=tuple(
            (
                Cell(told.code, link=reverse("admin:loyalty_voucher_change", args=[row.id])),
                f"{told.title}: {told.says}",
                _last_day(told.valid_until, zone) if told.valid_until else "for ever",
                _label(told.state.replace("_", " ")),
            )
            for row, told in zip(held, answers_of(list(held)), strict=True)
        ),
        empty="No vouchers.",
    )


def _offers(offers: Sequence[OfferHeld], zone: ZoneInfo) -> Panel:
    return Panel(
        title="Offers",
        order=24,
        columns=("Offer", "Until", "Used", "State"),
        rows=tuple(
            (
                Cell(one.title, link=reverse("admin:loyalty_grant_change", args=[one.id])),
                _last_day(one.valid_until, zone),
                Cell(f"{one.uses} of {one.max_uses}", "number"),
                _label(one.state),
            )
            for one in offers
        ),
        empty="No personal offers.",
    )


def _challenges(held: Sequence[ChallengeHeld], badges: Sequence[str]) -> Panel:
    return Panel(
        title="Challenges",
        order=25,
        facts=(Fact("Badges" if len(badges) > 1 else "Badge", ", ".join(badges)),) if badges else (),
        columns=("Challenge", "Progress", "Completed", "State") if held else (),
        rows=tuple(
            (one.name, one.progress, Cell(f"{one.completed:,}", "number"), _label(one.state)) for one in held
        ),
        empty="Takes part in none yet.",
    )


def _rewards(redemptions: Sequence[Redemption], zone: ZoneInfo) -> Panel:
    return Panel(
        title="Rewards",
        order=27,
        columns=("Reward", "When", "Points", "State"),
        rows=tuple(
            (
                Cell(one.reward.title, link=reverse("admin:loyalty_redemption_change", args=[one.pk])),
                day(one.redeemed_at, zone),
                Cell(f"{one.points:,}", "number"),
                Cell(one.get_state_display(), "muted" if one.state in ENDED else "good"),
            )
            for one in redemptions
        ),
        empty="Nothing redeemed yet.",
    )


def _lots(lots: Sequence[LotHeld], zone: ZoneInfo) -> Panel:
    return Panel(
        title="Lots",
        order=26,
        columns=("Left", "Of", "Can be spent from", "Last day", "State"),
        rows=tuple(
            (
                Cell(f"{one.remaining:,}", "number"),
                Cell(f"{one.credited:,}", "number"),
                "collection" if one.available_from == UNTIL_COLLECTED else day(one.available_from, zone),
                _last_day(one.expires_at, zone) if one.expires_at else "never",
                _label(one.state),
            )
            for one in lots
        ),
    )


def _entries(entries: Sequence[Movement], zone: ZoneInfo) -> Panel:
    return Panel(
        title="Latest entries",
        order=28,
        is_wide=True,
        columns=("When", "What", "Points", "Balance", "Why"),
        rows=tuple(
            (
                moment(one.happened_at, zone),
                one.kind,
                Cell(f"{one.points:+,}", "good" if one.points > 0 else "bad"),
                Cell(f"{one.balance_after:,}", "number"),
                one.reason,
            )
            for one in entries
        ),
    )


def _label(state: str) -> Cell:
    return Cell(state, _LABELS[state])


def _last_day(end: datetime, zone: ZoneInfo) -> str:
    """The last day before an end, which is the midnight after it."""
    return day(end - timedelta(microseconds=1), zone)
