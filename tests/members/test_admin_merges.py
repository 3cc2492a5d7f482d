"""Merging in the admin: what it would come to, who may do it, and undoing it."""

from datetime import datetime

import pytest
from django.contrib.admin.models import LogEntry

from members.models import Colleague, LikelyPair, Member, Merge, MergeState
from members.services.duplicates import check_all_members
from members.services.merging import merge_members
from tests.members.factories import MemberFactory
from tests.members.test_admin import staff

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> Member:
    return MemberFactory(given_name="Ada", family_name="Lovelace", birth_month=12, birth_day=10)


@pytest.fixture
def twin() -> Member:
    return MemberFactory(given_name="Ada", family_name="Lovelacce", birth_month=12, birth_day=10)


def prepare(going: Member, staying: Member) -> str:
    return f"/admin/members/merge/of/{going.pk}/into/{staying.pk}/"


def test_a_pair_leads_to_what_a_merge_would_come_to(ada: Member, twin: Member, now: datetime) -> None:
    check_all_members(now=now)
    pair = f"/admin/members/likelypair/{LikelyPair.objects.get().pk}/change/"
    administrator = staff("administrator")
    assert prepare(twin, ada) in administrator.get(pair).content.decode()
    assert prepare(twin, ada) not in staff("store manager").get(pair).content.decode()

    shown = administrator.get(prepare(twin, ada))

    assert ("Phones", "1", "1", "2") in [
        (row.name, row.going, row.staying, row.after) for row in shown.context["rows"]
    ]
    assert "Ada Lovelacce becomes Ada Lovelace" in shown.content.decode()
    assert not Merge.objects.exists()


def test_an_administrator_merges_and_undoes_it(ada: Member, twin: Member) -> None:
    administrator = staff("administrator")

    told = administrator.post(prepare(twin, ada), follow=True).content.decode()

    assert "goes by Ada Lovelace from now on" in told
    assert "Ada Lovelacce came" in told
    merged = Merge.objects.get()
    assert (merged.member_id, merged.into_id, merged.state) == (twin.pk, ada.pk, "merged")
    page = f"/admin/members/merge/{merged.pk}/change/"
    assert "Undo the merge" in administrator.get(page).content.decode()
    told = administrator.post(page, follow=True).content.decode()
    assert "is a member of their own again" in told
    assert "Undo the merge" not in administrator.get(page).content.decode()
    assert Merge.objects.get().state == MergeState.UNDONE
    assert list(LogEntry.objects.order_by("pk").values_list("change_message", flat=True)) == [
        f"Merged {twin.ref} into {ada.ref}.",
        "Merge undone.",
    ]


@pytest.mark.parametrize("role", ["cashier", "store manager", "marketer", "finance"])
def test_others_do_not_merge(ada: Member, twin: Member, now: datetime, role: str) -> None:
    client = staff(role)
    assert client.get(prepare(twin, ada)).status_code == 403
    assert client.post(prepare(twin, ada)).status_code == 403
    assert not Merge.objects.exists()
    merged = merge_members(going_id=twin.pk, staying_id=ada.pk, actor="staff:1", now=now)
    client.post(f"/admin/members/merge/{merged.pk}/change/")
    assert Merge.objects.get().state == MergeState.MERGED


def test_nobody_merges_themselves(ada: Member, twin: Member) -> None:
    administrator = staff("administrator")
    Colleague.objects.create(staff_id=administrator.session["_auth_user_id"], member=ada)
    assert "ask a colleague" in administrator.get(prepare(twin, ada)).content.decode()
    assert "ask a colleague" in administrator.post(prepare(twin, ada), follow=True).content.decode()
    assert not Merge.objects.exists()


def test_who_is_merged_already_is_told_so(ada: Member, twin: Member, now: datetime) -> None:
    third = MemberFactory()
    merge_members(going_id=twin.pk, staying_id=ada.pk, actor="staff:1", now=now)
    page = staff("administrator").get(prepare(twin, third)).content.decode()
    assert "Merge them" not in page
