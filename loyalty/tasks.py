"""Doors for the clock. Each asks what is due; a tick that was missed is made up for by the next."""

import time
from typing import Any

from celery import shared_task

from config.ground import clock
from loyalty.services.back_tests import advance_back_test
from loyalty.services.books import keep_books
from loyalty.services.challenge_past import catch_up
from loyalty.services.code_batches import advance_code_batch
from loyalty.services.coming_terms import begin_terms
from loyalty.services.expiry import book_expired_lots, warn_of_expiry
from loyalty.services.fraud import watch_for_fraud
from loyalty.services.ladder_drafts import count_moves_of_drafts
from loyalty.services.merging import carry_what_came_since
from loyalty.services.referrals import count_friends
from loyalty.services.seals import seal_closed_days
from loyalty.services.tier_reviews import review_tiers, tell_of_ends
from loyalty.services.verification import is_proof_due, verify_and_record

HANDS = 2
"""So many book expiry at once."""

WORK_S = 20.0
"""How long one run works on back-tests, or on codes; the next tick takes over from there."""


@shared_task(name="loyalty.book_expiry")
def book_expiry(**_newer_arguments: Any) -> int:
    """Book the entries of lots that have run out. Safe to repeat, any number at once."""
    now = clock.now()
    return book_expired_lots(until=now, now=now, hands=HANDS)


@shared_task(name="loyalty.warn_of_expiry")
def warn(**_newer_arguments: Any) -> int:
    """Announce points that run out soon. Safe to repeat, any number at once."""
    return warn_of_expiry(now=clock.now())


@shared_task(name="loyalty.review_tiers", acks_late=True)
def review(**_newer_arguments: Any) -> int:
    """Review tiers where today's review, or that of a ladder that has begun, is not finished. Safe to repeat."""
    return review_tiers(now=clock.now(), hands=HANDS)


@shared_task(name="loyalty.begin_terms")
def begin(**_newer_arguments: Any) -> int:
    """Write down terms whose time has come as those that hold. Safe to repeat."""
    return begin_terms(now=clock.now())


@shared_task(name="loyalty.tell_of_tiers")
def tell_of_tiers(**_newer_arguments: Any) -> int:
    """Announce tiers that end soon or have ended, and count who would move by drafts of ladders. Safe to repeat."""
    now = clock.now()
    return tell_of_ends(now=now) + count_moves_of_drafts(now=now)


@shared_task(name="loyalty.seal_days")
def seal_days(**_newer_arguments: Any) -> int:
    """Seal the days that have closed."""
    return seal_closed_days(now=clock.now())


@shared_task(name="loyalty.keep_books")
def book_days(**_newer_arguments: Any) -> int:
    """Sum the days whose entries changed. Safe to repeat, any number at once."""
    return keep_books(now=clock.now())


@shared_task(name="loyalty.watch_for_fraud")
def watch(**_newer_arguments: Any) -> int:
    """Look by the live fraud rules at what was recorded since. Safe to repeat, any number at once."""
    return watch_for_fraud(now=clock.now())


@shared_task(name="loyalty.verify_ledger")
def verify(**_newer_arguments: Any) -> int:
    """Prove the whole ledger once a day; a difference fails the run."""
    now = clock.now()
    return verify_and_record(now=now) if is_proof_due(now=now) else 0


@shared_task(name="loyalty.work_on_back_tests", acks_late=True)
def work_on_back_tests(**_newer_arguments: Any) -> int:
    """Settle past purchases for the back-tests that wait, piece by piece, for a bounded while."""
    end = time.monotonic() + WORK_S
    pieces = 0
    while time.monotonic() < end and advance_back_test(now=clock.now()):
        pieces += 1
    return pieces


@shared_task(name="loyalty.make_codes", acks_late=True)
def make_codes(**_newer_arguments: Any) -> int:
    """Make the codes of vouchers that are wanted in bulk, piece by piece, for a bounded while."""
    end = time.monotonic() + WORK_S
    pieces = 0
    while time.monotonic() < end and advance_code_batch(now=clock.now()):
        pieces += 1
    return pieces


@shared_task(name="loyalty.catch_challenges_up", acks_late=True)
def catch_challenges_up(**_newer_arguments: Any) -> int:
    """Count the past for challenges that wait for it, piece by piece, for a bounded while."""
    end = time.monotonic() + WORK_S
    pieces = 0
    while time.monotonic() < end and catch_up(now=clock.now()):
        pieces += 1
    return pieces


@shared_task(name="loyalty.count_friends", acks_late=True)
def count_referred_friends(**_newer_arguments: Any) -> int:
    """Give what is due for friends whose purchase was kept, piece by piece, for a bounded while."""
    end = time.monotonic() + WORK_S
    friends = 0
    while time.monotonic() < end and (looked_at := count_friends(now=clock.now())):
        friends += looked_at
    return friends


@shared_task(name="loyalty.follow_merges", acks_late=True)
def follow_merges(**_newer_arguments: Any) -> int:
    """Let points that came to somebody who was merged go where they are by now. Safe to repeat."""
    return carry_what_came_since(now=clock.now())
