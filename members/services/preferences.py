"""Changing what we know of a member's wishes."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

import msgspec
from django.db import transaction

from config.outbox.services import publish
from members.errors import PreferenceNotValid
from members.events import MemberChanged
from members.models import Preference
from members.queries.preferences import PreferenceFacts, get_preferences
from members.services.profiles import lock_active


@transaction.atomic
def change_preferences(member_id: int, changes: Mapping[str, Any], *, now: datetime) -> PreferenceFacts:
    """Change some wishes and leave the others.

    :param changes: fields of `PreferenceFacts` by name.
    :raises MemberNotFound: if there is no such member.
    :raises MemberNotActive: if the member was merged or erased.
    :raises PreferenceNotValid: quiet hours without an end, or a timezone that is none.
    """
    member = lock_active(member_id)
    before = get_preferences(member_id)
    wanted = msgspec.structs.replace(before, **changes)
    if (wanted.quiet_from is None) != (wanted.quiet_until is None):
        raise PreferenceNotValid("Quiet hours have a beginning and an end.", pointer="/quiet_from")
    if wanted.timezone and wanted.timezone not in available_timezones():
        raise PreferenceNotValid("This is no timezone of the IANA list.", pointer="/timezone")
    if wanted != before:
        values = {**msgspec.structs.asdict(wanted), "changed_at": now}
        Preference.objects.update_or_create(member_id=member_id, defaults=values)
        changed = MemberChanged(member_ref=member.ref, is_of_wishes=True)
        publish(changed, member_id=member_id, happened_at=now, now=now)
    return wanted
