"""Households: founded, joined by a code or in the app, headed, left; and places in merges and erasures."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from pytest_django import Settings

from config.ground import clock
from config.outbox.delivery import deliver_due
from config.outbox.models import Event
from config.staff.roles import CASHIER, MARKETER, STORE_MANAGER
from members.models import Household, HouseholdPlace, Member
from members.services.erasing import IN_FLIGHT, erase_member
from members.services.erasures import ask_for_own_erasure
from members.services.merging import merge_members, undo_merge
from tests.members.test_admin import staff

pytestmark = pytest.mark.django_db
GRACE = timedelta(days=15)
HOME = "/api/v1/me/household"
AppOf = Callable[[Member], Client]


def send(client: Client, path: str, body: Any = None, *, by: str = "post") -> Any:
    answer = getattr(client, by)(f"{HOME}{path}", body or {}, content_type="application/json")
    return answer.json() | {"status": answer.status_code} if answer.status_code >= 400 else answer.json()


def found(head: Client, *joining: Client, role: str = "adult") -> Any:
    send(head, "", {"name": "The Lovelaces"})
    for client in joining:
        code = send(head, "/invitations", {"role": role})["code"]
        send(client, "/join", {"code": f" {code[:4].lower()}-{code[4:]}"})
    return head.get(HOME).json()["household"]


def people(household: Any) -> list[tuple[str, str, bool]]:
    return [(one["called"], one["role"], one["is_head"]) for one in household["people"]]


def place_of(member: Member) -> HouseholdPlace | None:
    return HouseholdPlace.objects.filter(member=member, left_at=None).first()


def test_a_household_is_founded_and_joined_by_a_code_once(
    app_of: AppOf, ada: Member, ben: Member, cleo: Member
) -> None:
    head, other, third = app_of(ada), app_of(ben), app_of(cleo)
    assert head.get(HOME).json() == {"household": None, "invitations": []}
    send(head, "", {"name": "The Lovelaces"})
    assert send(head, "")["code"] == "household_taken"
    invited = send(head, "/invitations", {"role": "child"})

    joined = send(other, "/join", {"code": invited["code"].lower()})["household"]
    assert people(joined) == [("Ada Lovelace", "adult", True), ("Ben Lovelace", "child", False)]
    assert set(joined["people"][0]) == {
        *("ref", "called", "role", "is_head", "is_me", "limit_points", "limit_per", "joined_at")
    }
    assert send(third, "/join", {"code": invited["code"]})["code"] == "invitation_not_valid"
    assert list(
        Event.objects.filter(name="members.household_joined").values_list("member_id", flat=True)
    ) == [
        ada.pk,
        ben.pk,
    ]


def test_an_invitation_stands_in_the_app_of_who_was_named_and_does_not_tell_of_strangers(
    app_of: AppOf, ada: Member, ben: Member, cleo: Member, now: datetime
) -> None:
    head, other = app_of(ada), app_of(ben)
    send(head, "", {"name": "The Lovelaces"})
    known = send(head, "/invitations", {"member": {"phone": ben.identities.get(kind="phone").value}})
    unknown = send(head, "/invitations", {"member": {"phone": "+12125550199"}})
    assert set(known) == set(unknown)
    assert len(head.get(HOME).json()["household"]["invited"]) == 2
    (shown,) = other.get(HOME).json()["invitations"]
    assert (shown["household"], shown["head"]) == ("The Lovelaces", "Ada Lovelace")

    assert send(app_of(cleo), f"/invitations/{shown['ref']}")["code"] == "invitation_not_valid"
    assert send(other, f"/invitations/{shown['ref']}", by="delete")["invitations"] == []
    assert send(other, f"/invitations/{shown['ref']}")["code"] == "invitation_not_valid"
    send(head, f"/invitations/{unknown['ref']}", by="delete")
    assert send(other, "/join", {"code": unknown["code"]})["code"] == "invitation_not_valid"
    again = send(head, "/invitations", {"member": {"ref": ben.ref}})
    assert len(people(send(other, f"/invitations/{again['ref']}")["household"])) == 2


def test_only_the_head_asks_expels_limits_and_hands_over(
    app_of: AppOf, ada: Member, ben: Member, cleo: Member
) -> None:
    head, other, third = app_of(ada), app_of(ben), app_of(cleo)
    first, second, child = found(head, other, third)["people"]
    assert send(other, "/invitations")["code"] == "not_the_head"
    assert send(other, f"/people/{child['ref']}", by="delete")["code"] == "not_the_head"
    assert send(head, f"/people/{first['ref']}", by="delete")["code"] == "head_stays"
    assert send(head, "/people/hpl_nobody", by="delete")["code"] == "household_person_not_found"

    limited = send(head, f"/people/{child['ref']}", {"role": "child", "limit_points": 0}, by="put")
    assert limited["household"]["people"][2]["limit_points"] == 0
    assert send(head, f"/people/{child['ref']}/head")["code"] == "head_stays"
    assert send(head, f"/people/{first['ref']}", {"role": "child"}, by="put")["code"] == "head_stays"
    send(head, f"/people/{second['ref']}/head")
    assert send(other, "", {"name": "Home"}, by="patch")["household"]["name"] == "Home"
    send(other, f"/people/{child['ref']}", by="delete")
    assert place_of(cleo) is None
    assert HouseholdPlace.objects.get(member=cleo).left_because == "expelled"


def test_where_the_head_leaves_an_adult_follows_and_without_one_it_ends(
    app_of: AppOf, ada: Member, ben: Member, cleo: Member
) -> None:
    head, other = app_of(ada), app_of(ben)
    found(head, other)
    found(other, app_of(cleo), role="child")
    code = send(head, "/invitations", {"role": "child"})["code"]
    send(app_of(cleo), "/join", {"code": code})
    assert send(head, "", by="delete") == {"household": None, "invitations": []}
    assert people(other.get(HOME).json()["household"])[0] == ("Ben Lovelace", "adult", True)
    open_code = send(other, "/invitations")["code"]
    send(other, "", by="delete")
    assert place_of(cleo) is None
    assert Household.objects.get().head is None
    assert send(head, "/join", {"code": open_code})["code"] == "invitation_not_valid"


def test_a_member_has_one_place_and_a_household_so_many(
    app_of: AppOf, settings: Settings, ada: Member, ben: Member, cleo: Member
) -> None:
    settings.HOUSEHOLD_SIZE = 2
    head = app_of(ada)
    found(head, app_of(ben))
    code = send(head, "/invitations")["code"]
    assert send(app_of(cleo), "/join", {"code": code})["code"] == "household_full"
    with transaction.atomic(), pytest.raises(IntegrityError, match="a_member_has_one_place_at_a_time"):
        HouseholdPlace.objects.create(
            ref="hpl_2", household=Household.objects.get(), member=ada, role="adult", joined_at=clock.now()
        )
    for _ in range(9):
        assert send(app_of(cleo), "/join", {"code": "WRONG"})["code"] == "invitation_not_valid"
    assert send(app_of(cleo), "/join", {"code": "WRONG"})["status"] == 429


def test_a_place_follows_a_merge_and_comes_back(
    integration: Client, ada: Member, ben: Member, cleo: Member, now: datetime
) -> None:
    first, second, third = (f"/api/v1/members/{one.ref}/household" for one in (ada, ben, cleo))
    integration.post(first, {}, content_type="application/json")
    code = integration.post(f"{first}/invitations", {}, content_type="application/json").json()["code"]
    integration.post(f"{second}/join", {"code": code}, content_type="application/json")
    merged = merge_members(going_id=ada.pk, staying_id=cleo.pk, actor="staff:1", now=now)
    told = integration.get(first).json()["household"]
    assert told == integration.get(third).json()["household"]
    assert people(told) == [("Ben Lovelace", "adult", False), ("Cleo Lovelace", "adult", True)]
    undo_merge(merged.pk, actor="staff:1", now=now + timedelta(minutes=1))
    told = integration.get(first).json()["household"]
    assert people(told) == [("Ben Lovelace", "adult", False), ("Ada Lovelace", "adult", True)]
    assert place_of(cleo) is None

    both = merge_members(going_id=ada.pk, staying_id=ben.pk, actor="staff:1", now=now + timedelta(minutes=2))
    assert people(integration.get(second).json()["household"]) == [("Ben Lovelace", "adult", True)]
    undo_merge(both.pk, actor="staff:1", now=now + timedelta(minutes=3))
    assert len(integration.get(second).json()["household"]["people"]) == 2


def test_who_is_erased_leaves_and_the_name_goes(
    app_of: AppOf, ada: Member, ben: Member, now: datetime
) -> None:
    found(app_of(ada), app_of(ben))
    request = ask_for_own_erasure(ada.pk, actor=f"member:{ada.pk}", now=now)
    while deliver_due(now=now + GRACE):
        pass
    assert not erase_member(request.pk, now=now + GRACE)
    assert HouseholdPlace.objects.get(member=ada).left_because == "erased"
    assert Household.objects.get().head == ben
    while deliver_due(now=now + GRACE):
        pass
    assert erase_member(request.pk, now=now + GRACE + IN_FLIGHT)
    assert Household.objects.get().name == ""


def test_a_colleague_sees_a_household_and_takes_somebody_out(app_of: AppOf, ada: Member, ben: Member) -> None:
    found(app_of(ada), app_of(ben))
    household, place = Household.objects.get(), place_of(ben)
    assert place is not None
    page = f"/admin/members/household/{household.pk}/change/"
    manager = staff(STORE_MANAGER)
    assert "The Lovelaces" in manager.get("/admin/members/household/").content.decode()
    told = manager.get(page).content.decode()
    assert "Ben Lovelace" in told
    assert "Take out" in told
    assert f"/admin/members/household/{household.pk}/" in (
        manager.get(f"/admin/members/member/{ben.pk}/change/").content.decode()
    )
    assert staff(CASHIER).get(page).status_code in (403, 404, 302)
    looking = staff(MARKETER)
    assert "Take out" not in looking.get(page).content.decode()
    looking.post(page, {"_out": place.ref})
    assert place_of(ben) is not None
    manager.post(page, {"_head": place.ref})
    manager.post(page, {"_out": place.ref})
    assert place_of(ben) is None
    assert Household.objects.get().head == ada
