"""Who an invitation lets in, with what limit, and who may not come back by an old one."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from members.models import HouseholdPlace, Member
from tests.members.factories import MemberFactory
from tests.members.test_households import HOME, found, place_of, send

pytestmark = pytest.mark.django_db
AppOf = Callable[[Member], Client]


def limit_of(member: Member) -> tuple[int | None, str] | None:
    place = place_of(member)
    return (place.limit_points, place.limit_per) if place else None


def test_an_invitation_says_the_limit_under_which_one_joins(app_of: AppOf, ada: Member, ben: Member) -> None:
    head, other = app_of(ada), app_of(ben)
    send(head, "", {"name": "Home"})
    invited = send(head, "/invitations", {"role": "child", "limit_points": 50, "limit_per": "week"})
    assert (invited["limit_points"], invited["limit_per"]) == (50, "week")
    assert head.get(HOME).json()["household"]["invited"][0]["limit_points"] == 50
    send(other, "/join", {"code": invited["code"]})
    assert limit_of(ben) == (50, "week")


@pytest.mark.parametrize(
    ("said", "limit"),
    [({}, (70, "day")), ({"limit_points": None}, (None, "month")), ({"limit_points": 5}, (5, "month"))],
)
def test_who_comes_back_keeps_their_limit_unless_the_head_says_otherwise(
    app_of: AppOf, ada: Member, ben: Member, said: dict[str, Any], limit: tuple[int | None, str]
) -> None:
    head, other = app_of(ada), app_of(ben)
    person = found(head, other, role="child")["people"][1]["ref"]
    send(head, f"/people/{person}", {"role": "child", "limit_points": 70, "limit_per": "day"}, by="put")
    send(other, "", by="delete")
    send(other, "/join", {"code": send(head, "/invitations", {"role": "child", **said})["code"]})
    assert limit_of(ben) == limit


def test_what_is_not_said_of_somebody_stays(app_of: AppOf, ada: Member, ben: Member) -> None:
    head, other = app_of(ada), app_of(ben)
    person = found(head, other, role="child")["people"][1]["ref"]
    send(head, f"/people/{person}", {"role": "child", "limit_points": 70, "limit_per": "day"}, by="put")
    send(head, f"/people/{person}", {"role": "adult"}, by="put")
    assert limit_of(ben) == (70, "day")
    send(head, f"/people/{person}", {"role": "adult", "limit_points": 80}, by="put")
    assert limit_of(ben) == (80, "day")
    send(head, f"/people/{person}", {"role": "adult", "limit_points": None}, by="put")
    assert limit_of(ben) == (None, "day")


def test_who_was_taken_out_comes_back_by_no_invitation_of_before(
    app_of: AppOf, ada: Member, ben: Member, cleo: Member
) -> None:
    head, other = app_of(ada), app_of(ben)
    person = found(head, other)["people"][1]["ref"]
    open_to_all = send(head, "/invitations")["code"]
    named = send(head, "/invitations", {"member": {"ref": ben.ref}})
    send(head, f"/people/{person}", by="delete")
    assert other.get(HOME).json()["invitations"] == []
    for code in (open_to_all, named["code"]):
        assert send(other, "/join", {"code": code})["code"] == "invitation_not_valid"
    assert send(other, f"/invitations/{named['ref']}")["code"] == "invitation_not_valid"
    send(app_of(cleo), "/join", {"code": open_to_all})
    send(other, "/join", {"code": send(head, "/invitations")["code"]})
    assert len(head.get(HOME).json()["household"]["people"]) == 3


def test_a_code_for_somebody_lets_nobody_else_in(
    app_of: AppOf, ada: Member, ben: Member, cleo: Member
) -> None:
    head = app_of(ada)
    send(head, "", {"name": "Home"})
    code = send(head, "/invitations", {"member": {"ref": ben.ref}})["code"]
    assert send(app_of(cleo), "/join", {"code": code})["code"] == "invitation_not_valid"
    assert len(send(app_of(ben), "/join", {"code": code})["household"]["people"]) == 2


def test_neither_code_nor_answer_tells_whether_anybody_goes_by_a_phone(
    app_of: AppOf, ada: Member, cleo: Member
) -> None:
    head = app_of(ada)
    send(head, "", {"name": "Home"})
    MemberFactory(phone="+12125550142")
    known, nobodys = (
        send(head, "/invitations", {"member": {"phone": phone}}) for phone in ("+12125550142", "+12125550143")
    )
    assert known.keys() == nobodys.keys()
    answers = [send(app_of(cleo), "/join", {"code": one["code"]}) for one in (known, nobodys)]
    assert [one["code"] for one in answers] == ["invitation_not_valid"] * 2

    newcomer = app_of(MemberFactory(phone="+12125550143"))
    joined = send(newcomer, "/join", {"code": nobodys["code"]})
    assert len(joined["household"]["people"]) == 2
    assert send(newcomer, "/join", {"code": nobodys["code"]}) == joined


def test_joining_again_is_answered_as_before(app_of: AppOf, ada: Member, ben: Member, cleo: Member) -> None:
    head, other = app_of(ada), app_of(ben)
    send(head, "", {"name": "Home"})
    code, spare = (send(head, "/invitations")["code"] for _ in range(2))
    first = send(other, "/join", {"code": code})
    assert send(other, "/join", {"code": code}) == first
    assert send(other, "/join", {"code": spare}) == first
    named = send(head, "/invitations", {"member": {"ref": cleo.ref}})["ref"]
    third = app_of(cleo)
    assert send(third, f"/invitations/{named}") == send(third, f"/invitations/{named}")
    assert HouseholdPlace.objects.count() == 3
    elsewhere = app_of(MemberFactory())
    send(elsewhere, "")
    assert send(elsewhere, "/join", {"code": spare})["code"] == "household_taken"
    assert send(elsewhere, "/join", {"code": code})["code"] == "invitation_not_valid"


def test_codes_are_tried_so_often_from_an_address_whoever_tries(app_of: AppOf) -> None:
    tried = []
    for _ in range(7):
        client = app_of(MemberFactory())
        tried += [send(client, "/join", {"code": "WRONG"})["status"] for _ in range(9)]
    assert tried == [404] * 60 + [429] * 3
