"""The ledger against a plain model, in any order: earn, act, play, climb, spend, redeem, hold, return, give, expire."""

from copy import deepcopy
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import rule

from loyalty.errors import InsufficientPoints, TransferExceeds
from loyalty.models import Wallet
from loyalty.queries.programmes import get_current_programme
from loyalty.services.ledger import Credit, Debit, post_credit, post_debit
from loyalty.services.transfers import TransferDraft, transfer_points
from tests.loyalty.acting_steps import ActSteps
from tests.loyalty.collecting_steps import CollectSteps
from tests.loyalty.machine import Machine, run

SKUS = st.sampled_from(["SKU-0", "SKU-1", "SKU-2", "H"])


class LedgerMachine(ActSteps, CollectSteps, Machine):
    """What else happens to points: acts, collections, corrections, holds, transfers, returns without a receipt."""

    @rule(who=st.integers(0, 1), wanted=st.dictionaries(SKUS, st.integers(1, 6), min_size=1, max_size=2))
    def bring_without_a_receipt(self, who: int, wanted: dict[str, int]) -> None:
        lines = [{"sku": sku, "quantity": count} for sku, count in wanted.items()]
        body = {"return_number": f"N-{next(self.numbers)}", "lines": lines}
        answer = self.tell("returns", body | {"member": {"ref": self.members[who].ref}})
        after = deepcopy(self.plain[who])
        found = after.bring(wanted, datetime.now(UTC), self.policy)
        if found is None:
            assert answer.json()["code"] == "points_already_spent"
        elif not found:
            assert answer.json()["code"] == "return_unexplained"
        else:
            assert answer.status_code == 201
            missing = {each["sku"]: each["quantity"] for each in answer.json()["unexplained"]}
            asked = {sku: count - found.get(sku, 0) for sku, count in wanted.items()}
            assert missing == {sku: count for sku, count in asked.items() if count}
            self.plain[who] = after

    @rule(who=st.integers(0, 1), points=st.integers(-200, 200).filter(bool))
    def correct(self, who: int, points: int) -> None:
        now, plain = datetime.now(UTC), self.plain[who]
        cause = {"cause": f"correct:{next(self.numbers)}", "reason": "test", "actor": "test"}
        programme = get_current_programme(self.shop.programme.pk)
        if points > 0:
            credit = Credit(
                member_id=self.members[who].pk, points=points, kind="adjust", happened_at=now, **cause
            )
            assert post_credit(credit, programme=programme, now=now)
            plain.earn(points, now)
            return
        wallet = Wallet.objects.filter(member=self.members[who]).first()
        if wallet is None:
            return
        debit = Debit(wallet_id=wallet.pk, points=-points, kind="adjust", **cause)
        if -points > plain.spendable(now):
            with pytest.raises(InsufficientPoints):
                post_debit(debit, now=now)
        else:
            post_debit(debit, now=now)
            plain.draw(-points, now, matured_by=now)
            plain.taken -= points

    @rule(
        who=st.integers(0, 1),
        points=st.integers(1, 300),
        seconds=st.sampled_from([60, 2 * 86_400, 7 * 86_400]),
    )
    def hold(self, who: int, points: int, seconds: int) -> None:
        now, plain = datetime.now(UTC), self.plain[who]
        wanted = {"member": {"ref": self.members[who].ref}, "points": points, "seconds": seconds}
        answer = self.tell("holds", wanted)
        if points > plain.spendable(now):
            assert answer.json()["code"] == "insufficient_points"
            return
        told = answer.json()["hold"]
        held = plain.hold(told["ref"], points, now + timedelta(seconds=seconds), now)
        assert datetime.fromisoformat(told["expires_at"]) == held.until

    @rule(who=st.integers(0, 1), which=st.integers(0, 50), part=st.integers(0, 100))
    def settle_hold(self, who: int, which: int, part: int) -> None:
        """Capture so many percent of a hold; 0 releases it."""
        now, plain = datetime.now(UTC), self.plain[who]
        holds = [hold for hold in plain.holds if hold.is_open]
        if not holds:
            return
        held = holds[which % len(holds)]
        captured = held.points * part // 100
        if captured:
            answer = self.tell(f"holds/{held.ref}/capture", {"points": captured})
        else:
            answer = self.tell(f"holds/{held.ref}/release", {})
        assert answer.status_code == (409 if captured and held.until <= now else 200)
        if held.until > now:
            held.is_open = False
            plain.draw(captured, now, matured_by=now)
            plain.spent += captured
            if captured:
                plain.be_active(now, now=now)

    @rule(who=st.integers(0, 1), points=st.integers(1, 200))
    def give(self, who: int, points: int) -> None:
        now, plain, other = datetime.now(UTC), self.plain[who], self.plain[1 - who]
        draft = TransferDraft(
            member_id=self.members[who].pk,
            to_member_id=self.members[1 - who].pk,
            programme_id=self.shop.programme.pk,
            points=points,
            actor="test",
        )
        if points > plain.spendable(now) or plain.debt:
            with pytest.raises(TransferExceeds):
                transfer_points(draft, now=now)
            return
        transfer_points(draft, now=now)
        other.receive(plain.draw(points, now, matured_by=now))
        plain.issued -= points
        other.issued += points


@pytest.mark.django_db
def test_the_ledger_agrees_with_pencil_and_paper(open_shop: Any) -> None:
    """issued = spendable + held + pending + spent + expired + taken back - debt, at every step and by every policy."""
    run(LedgerMachine, open_shop, examples=25, steps=25)
