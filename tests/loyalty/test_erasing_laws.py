"""The ledger is proven after an erasure as before it, whatever had happened until then, and whatever happens after."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from config.ground.personal import lift_guards, set_guards
from config.outbox.models import Delivery
from loyalty.models import Correction, CorrectionReason, Entry, Seal, Wallet
from loyalty.queries.programmes import get_current_programme
from loyalty.services.corrections import Colleague, correct_points
from loyalty.services.expiry import book_expired_lots
from loyalty.services.ledger import Credit, post_credit
from loyalty.services.seals import seal_closed_days
from members.models import Member
from members.services.erasing import IN_FLIGHT, erase_member
from members.services.erasures import ask_for_own_erasure
from tests.loyalty.conftest import Shop, basket, laws_broken
from tests.loyalty.test_laws import LedgerMachine

GRACE = timedelta(days=django_settings.ERASURE_GRACE_DAYS)


def erase(member: Member, now: datetime) -> None:
    """As if the days of grace were over, and all news about the member told."""
    Delivery.objects.filter(member_id=member.pk).delete()
    asked_at = now - GRACE - IN_FLIGHT
    request = ask_for_own_erasure(member.pk, actor=f"member:{member.pk}", now=asked_at)
    assert not erase_member(request.pk, now=now - IN_FLIGHT)
    assert erase_member(request.pk, now=now)


class ErasingMachine(LedgerMachine):
    """Whatever a run came to, both members are erased at its end."""

    def end(self) -> None:
        now = datetime.now(UTC)
        seal_closed_days(now=now)
        for member in self.members:
            erase(member, now)
            assert laws_broken() == []
        self.now.shift(timedelta(days=400))
        now = datetime.now(UTC)
        book_expired_lots(until=now, now=now)
        seal_closed_days(now=now)
        assert laws_broken() == []
        assert not Entry.objects.exclude(reason="").filter(recorded_at__lt=now).exists()


@pytest.mark.django_db
def test_never_17_the_ledger_is_proven_whenever_somebody_is_erased(open_shop: Any) -> None:
    class Machine(ErasingMachine):
        def __init__(self) -> None:
            super().__init__()
            self.atomic = transaction.atomic()
            self.atomic.__enter__()

        def teardown(self) -> None:
            try:
                if hasattr(self, "members"):
                    self.end()
            finally:
                super().teardown()
                transaction.set_rollback(True)
                self.atomic.__exit__(None, None, None)

    Machine.open_shop = staticmethod(open_shop)
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=12, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def _corrected(shop: Shop, member: Member) -> Correction:
    """Points with a colleague's words about a person."""
    assert shop.commit(basket(10_000, member=member)).status_code == 201
    wallet = member_wallet(shop, member)
    by = Colleague(id=1, name="staff:1", email="", roles=[])
    correction = correct_points(
        wallet,
        50,
        ref=f"cor_{member.pk}",
        reason=CorrectionReason.COMPLAINT,
        note="Mrs Lovelace rang",
        by=by,
        now=datetime.now(UTC),
    )
    credit = Credit(
        member_id=member.pk,
        points=50,
        kind="adjust",
        cause=f"told:{member.pk}",
        reason="A complaint: Mrs Lovelace rang",
        actor="staff:1",
        happened_at=datetime.now(UTC),
    )
    assert post_credit(credit, programme=get_current_programme(shop.programme.pk), now=datetime.now(UTC))
    return correction


def member_wallet(shop: Shop, member: Member) -> Any:
    return Wallet.objects.get(member=member, programme=shop.programme)


def test_words_in_sealed_entries_are_erased_and_the_seals_hold(shop: Shop, clock: Any) -> None:
    ada, bob = shop.enrol(), shop.enrol()
    _corrected(shop, ada)
    _corrected(shop, bob)
    clock.shift(timedelta(days=2))
    assert seal_closed_days(now=datetime.now(UTC)) == 2

    erase(ada, datetime.now(UTC))

    told = set(Entry.objects.filter(member=ada).values_list("reason", flat=True))
    assert told == {""}
    assert Entry.objects.filter(member=bob, reason__contains="Lovelace").count() == 1
    assert Correction.objects.get(member=ada).note == "erased"
    assert laws_broken() == []


def test_a_sealed_entry_that_was_erased_and_then_changed_shows(shop: Shop, clock: Any) -> None:
    ada = shop.enrol()
    _corrected(shop, ada)
    clock.shift(timedelta(days=2))
    seal_closed_days(now=datetime.now(UTC))
    erase(ada, datetime.now(UTC))

    with connection.cursor() as cursor:
        lift_guards([Entry._meta.label])
        cursor.execute("UPDATE loyalty_entry SET sealed_digest = sha256('x') WHERE kind = 'earn'")
        set_guards()

    assert laws_broken() == ["seals hold and are chained"]


def test_what_is_not_sealed_yet_is_sealed_as_it_stands(shop: Shop, clock: Any) -> None:
    ada = shop.enrol()
    _corrected(shop, ada)
    erase(ada, datetime.now(UTC))
    clock.shift(timedelta(days=2))

    seal_closed_days(now=datetime.now(UTC))

    assert Seal.objects.count() == 2
    assert not Entry.objects.exclude(sealed_digest=None).exists()
    assert laws_broken() == []


def test_a_receipt_told_again_after_an_erasure_is_answered_without_a_word(shop: Shop) -> None:
    ada = shop.enrol()
    body = basket(10_000, member=ada)
    first = shop.commit(body).json()
    erase(ada, datetime.now(UTC))

    again = shop.commit(body)

    assert again.status_code in (200, 404, 409), again.content
    assert Entry.objects.filter(member=ada).count() == len(first["settlement"]["earned"])
    assert laws_broken() == []
