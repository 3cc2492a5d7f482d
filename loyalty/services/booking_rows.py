"""The rows of a booking: what settled purchases become in the tables, one purchase or a thousand."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from config.ground.ids import new_ref
from config.outbox.events import Event
from config.outbox.registry import subscribers_of
from loyalty.queries.checkout import MemberNow, WalletNow
from loyalty.rules.answers import BookedOrder, head_text, settlement_answer
from loyalty.rules.awards import Award
from loyalty.rules.basket import Line
from loyalty.rules.compile import Programme
from loyalty.rules.lots import is_kept_alive, midnight_after
from loyalty.rules.purchase import Climb, Purchase, lot_born, lot_of
from loyalty.rules.settle import Settlement
from loyalty.services.booking_news import news_of
from loyalty.services.proof import Unproven
from loyalty.services.voucher_rows import voucher_rows

Row = dict[str, Any]


@dataclass
class Booking:
    """Rows to write. Amounts in minor units.

    :ivar actor: who caused it all, e.g. `key:12`.
    :ivar unproven: what the one wallet's member spends on a name alone.
    :ivar is_pooled: the one wallet's member spends what others of the household have.
    :ivar is_history: long past purchases: nothing is announced, and answers are kept without the wallet.
    """

    actor: str
    is_pooled: bool = False
    is_history: bool = False
    orders: list[Row] = field(default_factory=list)
    lines: list[Row] = field(default_factory=list)
    unclaimed: list[Row] = field(default_factory=list)
    wallets: list[Row] = field(default_factory=list)
    unproven: list[Unproven] = field(default_factory=list)
    holds: list[Row] = field(default_factory=list)
    spends: list[Row] = field(default_factory=list)
    credits: list[Row] = field(default_factory=list)
    lots: list[Row] = field(default_factory=list)
    tier_days: list[Row] = field(default_factory=list)
    standings: list[Row] = field(default_factory=list)
    benefits: list[Row] = field(default_factory=list)
    offers_used: list[Row] = field(default_factory=list)
    uses: list[Row] = field(default_factory=list)
    vouchers: list[Row] = field(default_factory=list)
    settlements: list[Row] = field(default_factory=list)
    news: list[Row] = field(default_factory=list)
    extends: list[Row] = field(default_factory=list)
    key: Row | None = None
    _positions: dict[str, int] = field(default_factory=dict)

    def rely_on(
        self,
        wallet: WalletNow | None,
        member_id: int,
        programme_id: int,
        settlement: Settlement,
        climb: Climb,
        *,
        is_first: bool,
    ) -> None:
        """The wallet as it was read; the database compares it under the lock.

        :param is_first: the settlement counts on nothing having been bought before.
        """
        self.hold_wallet(member_id, programme_id)
        self.wallets[-1].update(
            {
                "version": wallet.version if wallet else 0,
                "terms_stamp": wallet.terms_stamp if wallet else 0,
                "window_from": climb.counts_since,
                "window_until": climb.spent_on,
                "qualifying_minor": settlement.qualifying_minor,
                "promote_at": climb.promote_at,
                "is_first": is_first,
            }
        )

    def hold_wallet(self, member_id: int, programme_id: int) -> None:
        """A wallet that the caller has locked already: there is nothing to compare."""
        if f"{member_id}:{programme_id}" not in self._positions:
            self.wallets.append({"member_id": member_id, "programme_id": programme_id})
            self._positions[f"{member_id}:{programme_id}"] = len(self.wallets)

    def add_purchase(
        self,
        purchase: Purchase,
        lines: list[Line],
        settlement: Settlement,
        climb: Climb,
        *,
        member: MemberNow,
        programme: Programme,
        tier_code: str,
        fingerprint: str,
        ref: str | None = None,
    ) -> str:
        """Add a settled purchase of a member whose wallet is relied on or held.

        :param ref: of a purchase that had one while it was unclaimed.
        :return: the order's ref.
        """
        ref = ref or new_ref("ord")
        wallet = self._positions[f"{member.id}:{purchase.programme_id}"]
        owner = {"w": wallet, "member_id": member.id, "programme_id": purchase.programme_id}
        self.orders.append({**_order_row(ref, purchase, settlement, fingerprint), "member_id": member.id})
        self._add_lines(len(self.orders), member.id, lines, settlement)
        self._add_spend(ref, purchase, settlement, owner)
        self._add_credits(ref, purchase, settlement, owner, programme)
        expiry = programme.terms_at(purchase.placed_at).expiry
        if is_kept_alive(expiry, earns=settlement.points_earned > 0, spends=settlement.points_spent > 0):
            until_at = lot_born(programme, purchase.placed_at).expires_at
            self.extends.append({"w": wallet, "happened_at": purchase.placed_at, "until_at": until_at})
        self.tier_days.append(
            {
                **owner,
                "spent_on": climb.spent_on,
                "qualifying_minor": settlement.qualifying_minor,
                "points": settlement.points_earned,
                "visits": 1,
            }
        )
        self._add_climb(climb, owner, programme.terms.zone)
        self._add_settlement(ref, purchase, settlement, owner)
        self.vouchers += voucher_rows(ref, purchase, settlement, member.id, self.actor)
        if not self.is_history:
            for event in news_of(ref, purchase, lines, settlement, climb, tier_code=tier_code):
                self._tell(event, member.id, purchase.placed_at)
        return ref

    def add_unclaimed(
        self, purchase: Purchase, lines: list[Line], settlement: Settlement, fingerprint: str
    ) -> str:
        """Add a purchase that nobody has put a member to; it earns nothing until it is claimed.

        :return: the new order's ref.
        """
        ref = new_ref("ord")
        self.vouchers += voucher_rows(ref, purchase, settlement, None, self.actor)
        self.unclaimed.append(
            {
                **_order_row(ref, purchase, settlement, fingerprint),
                "lines": lines,
                "earns_nothing": sorted(settlement.earns_nothing),
                "answer": _head(ref, purchase, settlement) + ',"wallet":null}',
            }
        )
        return ref

    def remember(self, *, caller: str, key: str, fingerprint: str) -> None:
        """Keep the one purchase's answer under an idempotency key, in the same statement."""
        self.key = {"caller": caller, "key": key, "fingerprint": fingerprint, "status": 201}

    def _add_settlement(self, ref: str, purchase: Purchase, settlement: Settlement, owner: Row) -> None:
        self.settlements.append(
            {
                **owner,
                "order_ref": ref,
                "points_earned": settlement.points_earned,
                "points_spent": settlement.points_spent,
                "points_paid_minor": settlement.points_paid_minor,
                "qualifying_minor": settlement.qualifying_minor,
                "head": _head(ref, purchase, settlement),
            }
        )
        weights = [award.weights for award in settlement.awards]
        if any(weights):
            self.settlements[-1]["weights"] = weights

    def _add_lines(self, order: int, member_id: int, lines: list[Line], settlement: Settlement) -> None:
        self.lines.extend(
            {
                "o": order,
                "member_id": member_id,
                "position": position,
                "sku": line.sku,
                "name": line.name,
                "category": line.category,
                "department": line.department,
                "brand": line.brand,
                "kind": line.kind or "goods",
                "quantity": line.quantity,
                "unit_price_minor": line.unit_price_minor,
                "discount_minor": line.discount_minor,
                "tax_minor": line.tax_minor,
                "paid_minor": paid_minor,
            }
            for position, (line, paid_minor) in enumerate(zip(lines, settlement.line_paid_minor, strict=True))
        )

    def _add_spend(self, ref: str, purchase: Purchase, settlement: Settlement, owner: Row) -> None:
        if purchase.hold is not None:
            self.holds.append(
                {"w": owner["w"], "ref": purchase.hold, "spent": settlement.points_spent, "order_ref": ref}
            )
        if settlement.points_spent:
            self.spends.append(
                {
                    **owner,
                    "points": settlement.points_spent,
                    "cause": f"spend:{ref}",
                    "order_ref": ref,
                    "actor": self.actor,
                    "reason": f"paid a part of {purchase.number}",
                    "happened_at": purchase.placed_at,
                }
            )

    def _add_credits(
        self, ref: str, purchase: Purchase, settlement: Settlement, owner: Row, programme: Programme
    ) -> None:
        if not settlement.awards:
            return
        lot = lot_of(programme, purchase)
        self.lots.append(
            {
                **owner,
                "order_ref": ref,
                "available_from": lot.available_from,
                "expires_at": lot.expires_at,
                "credited": settlement.points_earned,
                "entries": len(settlement.awards),
            }
        )
        for award in settlement.awards:
            first = award is settlement.awards[0]
            self.credits.append(
                {
                    **owner,
                    "lot": len(self.lots),
                    "kind": award.kind,
                    "points": award.points,
                    "cause": f"earn:{ref}" if first else f"earn:{ref}:{award.rule}",
                    "order_ref": ref,
                    "rule_version_id": award.rule_version_id,
                    "actor": self.actor,
                    "reason": award.because[:300],
                    "happened_at": purchase.placed_at,
                }
            )
            self.uses.extend(uses_of(award, owner["member_id"]))
            if award.offer_id is not None:
                self.offers_used.append(
                    {
                        "id": award.offer_id,
                        "member_id": owner["member_id"],
                        "order_ref": ref,
                        "used_at": purchase.placed_at,
                    }
                )

    def _add_climb(self, climb: Climb, owner: Row, zone: ZoneInfo) -> None:
        self.standings.extend(
            {**owner, "tier_id": each.tier_id, "from_at": each.from_at, "until_at": each.until_at}
            for each in climb.standings
        )
        begun = {each.tier_id: each.from_at for each in climb.standings}
        self.benefits.extend(
            {
                **owner,
                "benefit_id": benefit.id,
                "ref": new_ref("ben"),
                "cause": f"tier:{step.code}:{benefit.id}:{begun[step.id].astimezone(zone).date()}",
                "granted_at": begun[step.id],
                "valid_until": midnight_after(begun[step.id], benefit.valid_days, zone),
            }
            for step in climb.reached
            for benefit in step.benefits
        )

    def _tell(self, event: Event, member_id: int, happened_at: datetime) -> None:
        self.news.append(
            {
                "name": event.name,
                "member_id": member_id,
                "payload": event,
                "happened_at": happened_at,
                "subscribers": subscribers_of(type(event)),
            }
        )


def uses_of(award: Award, member_id: int) -> list[Row]:
    """What an award of a capped rule is counted in, as `loyalty_count_uses` takes it."""
    return [
        {
            "rule_version_id": award.rule_version_id,
            "bucket": limit.bucket,
            "of_member": limit.of_member,
            "member_id": member_id,
            "points": award.points,
            "most": limit.most,
        }
        for limit in award.limits
    ]


def _order_row(ref: str, purchase: Purchase, settlement: Settlement, fingerprint: str) -> Row:
    return {
        "ref": ref,
        "programme_id": purchase.programme_id,
        "place_id": purchase.place_id,
        "till_id": purchase.till_id,
        "number": purchase.number,
        "source": purchase.source,
        "placed_at": purchase.placed_at,
        "currency": purchase.currency,
        "subtotal_minor": settlement.subtotal_minor,
        "discount_minor": settlement.discount_minor,
        "tax_minor": settlement.tax_minor,
        "total_minor": settlement.total_minor,
        "payments": purchase.payments,
        "fulfilment": purchase.fulfilment,
        "fingerprint": fingerprint,
    }


def _head(ref: str, purchase: Purchase, settlement: Settlement) -> str:
    return head_text(
        BookedOrder(ref=ref, state="completed", number=purchase.number, placed_at=purchase.placed_at),
        settlement_answer(settlement, currency=purchase.currency),
    )
