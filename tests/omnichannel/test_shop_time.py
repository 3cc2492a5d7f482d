"""The admin tells the time of the shops."""

from datetime import UTC, datetime

import pytest

from config.staff.roles import STORE_MANAGER
from members.models import Member
from tests.members.factories import MemberFactory
from tests.omnichannel.factories import ProgrammeFactory
from tests.omnichannel.visitors import signed_in

pytestmark = pytest.mark.django_db
LATE_IN_LONDON = datetime(2026, 11, 21, 20, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zones", "shown", "days"),
    [
        (["Asia/Taipei"], "2026-11-22 04:15", "2026-11-22"),
        (["Asia/Taipei", "Asia/Taipei"], "2026-11-22 04:15", "2026-11-22"),
        (["Asia/Taipei", "Europe/London"], "2026-11-21 20:15", "2026-11-21"),
        ([], "2026-11-21 20:15", "2026-11-21"),
    ],
)
def test_pages_tell_the_time_that_all_shops_share_and_utc_otherwise(
    zones: list[str], shown: str, days: str
) -> None:
    for zone in zones:
        ProgrammeFactory(timezone=zone)
    member = MemberFactory(now=LATE_IN_LONDON)
    client = signed_in(STORE_MANAGER)

    listed = client.get("/admin/members/member/").content.decode()
    page = client.get(f"/admin/members/member/{member.pk}/change/").content.decode()

    assert shown in listed
    assert f"Member since {days}" in page
    assert Member.objects.get().enrolled_at == LATE_IN_LONDON
