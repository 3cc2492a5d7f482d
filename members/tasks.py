"""Doors for the clock."""

from datetime import timedelta
from typing import Any

from celery import shared_task

from config.ground import clock
from members.services.common_names import count_common_names
from members.services.presence import purge_presences
from members.services.sign_in import purge_sign_ins
from members.services.sign_in_codes import purge_codes

KEPT = timedelta(days=1)


@shared_task(name="members.purge_sign_ins", acks_late=True)
def purge_spent_sign_ins(**_newer_arguments: Any) -> int:
    """Delete codes, proofs and tokens a day after they ran out. Safe to repeat, any number at once."""
    before = clock.now() - KEPT
    return purge_codes(before=before) + purge_presences(before=before) + purge_sign_ins(before=before)


@shared_task(name="members.count_names", acks_late=True)
def count_names(**_newer_arguments: Any) -> int:
    """Count how common names are among members. Safe to repeat, any number at once."""
    return count_common_names()
