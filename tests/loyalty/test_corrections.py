"""Points that colleagues give and take: alone up to their role's limit, beyond it with a second person."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from config.ground.ids import new_ref
from config.staff.models import Staff
from config.staff.roles import ADMINISTRATOR, CASHIER, FINANCE, STORE_MANAGER
from loyalty.models import Correction, CorrectionLimit, Entry, Wallet
from loyalty.services.verification import verify_ledger
from members.models import Colleague, Member
from members.rules.identities import claim
from members.services.enrolment import enrol
from members.services.households import leave_household
from omnichannel.models import Place
from tests.config.staff import in_role
from tests.loyalty.conftest import Shop, basket
from tests.loyalty.families import family
from tests.omnichannel.factories import serves

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    """Store managers go as far as 200 points alone."""
    shop = open_shop()
    CorrectionLimit.objects.create(programme=shop.programme, role=STORE_MANAGER, points=200)
    return shop


@pytest.fixture
def wallet(shop: Shop) -> Wallet:
    """500 points."""
    member = shop.enrol()
    shop.commit(basket(5_000, member=member))
    return Wallet.objects.get(member=member)


def page_of(person: Staff) -> Client:
    client = Client()
    client.force_login(person)
    return client


def correct(person: Staff, wallet: Wallet, points: int, ref: str = "") -> str:
    """What the page says after a colleague asked for a correction."""
    asked = {"points": points, "reason": "missing", "note": "the till was down", "ref": ref or new_ref("cor")}
    return page_of(person).post(_address(wallet), asked, follow=True).content.decode()


def decide(person: Staff, correction: Correction, button: str) -> str:
    path = f"/admin/loyalty/correction/{correction.pk}/change/"
    return page_of(person).post(path, {button: ""}, follow=True).content.decode()


def balance(wallet: Wallet) -> int:
    assert verify_ledger(now=datetime.now(UTC)) == []
    wallet.refresh_from_db()
    return wallet.balance


def _address(wallet: Wallet) -> str:
    return f"/admin/loyalty/wallet/{wallet.pk}/correct/"


def test_nothing_is_written_among_the_points_of_who_was_erased(wallet: Wallet) -> None:
    Member.objects.filter(pk=wallet.member_id).update(state="erased")

    assert "Nothing is written about who was forgotten." in correct(in_role(STORE_MANAGER), wallet, 100)

    assert balance(wallet) == 500
    assert not Correction.objects.exists()


def test_what_waits_for_who_was_erased_is_approved_no_more_and_can_be_refused(wallet: Wallet) -> None:
    correct(in_role(STORE_MANAGER), wallet, 201)
    asked, approver = Correction.objects.get(), in_role(FINANCE)
    Member.objects.filter(pk=wallet.member_id).update(state="erased")

    assert "Nothing is written about who was forgotten." in decide(approver, asked, "_approve")
    assert (balance(wallet), Entry.objects.filter(kind="adjust").exists()) == (500, False)
    decide(approver, asked, "_refuse")
    asked.refresh_from_db()
    assert asked.state == "refused"


@pytest.mark.parametrize("points", [200, -200, 1])
def test_within_their_limit_a_colleague_corrects_alone(wallet: Wallet, points: int) -> None:
    person = in_role(STORE_MANAGER)
    assert "booked" in correct(person, wallet, points)
    assert balance(wallet) == 500 + points
    entry = Entry.objects.get(kind="adjust")
    assert (entry.points, entry.actor) == (points, f"staff:{person.pk}")
    assert entry.reason == "A purchase did not count: the till was down"


@pytest.mark.parametrize("points", [201, -201])
def test_beyond_it_another_person_has_to_agree(wallet: Wallet, points: int) -> None:
    asker, approver = in_role(STORE_MANAGER), in_role(FINANCE)
    assert "waits for approval" in correct(asker, wallet, points)
    assert balance(wallet) == 500
    asked = Correction.objects.get()
    assert "the till was down" in page_of(approver).get("/admin/loyalty/correction/").content.decode()
    assert "booked" in decide(approver, asked, "_approve")
    assert balance(wallet) == 500 + points
    assert "was decided before" not in decide(approver, asked, "_refuse")
    asked.refresh_from_db()
    assert (asked.state, asked.decided_by) == ("booked", f"staff:{approver.pk}")
    assert Entry.objects.filter(kind="adjust").count() == 1


def test_nobody_approves_what_they_asked_for(wallet: Wallet) -> None:
    asker = in_role(FINANCE)
    correct(asker, wallet, 5_000)
    asked = Correction.objects.get()
    assert "It waits for somebody else" in decide(asker, asked, "_approve")
    assert balance(wallet) == 500
    with pytest.raises(IntegrityError), transaction.atomic():
        Correction.objects.update(decided_by=asked.asked_by)


def test_a_refused_correction_changes_nothing(wallet: Wallet) -> None:
    correct(in_role(STORE_MANAGER), wallet, 5_000)
    asked = Correction.objects.get()
    assert "refused" in decide(in_role(FINANCE), asked, "_refuse")
    assert "booked" not in decide(in_role(FINANCE), asked, "_approve")
    assert balance(wallet) == 500


def test_nobody_corrects_the_points_of_who_shares_with_them(shop: Shop, wallet: Wallet) -> None:
    me, mia = shop.enrol(), in_role(STORE_MANAGER)
    Colleague.objects.create(staff=mia, member=me)
    family(Member.objects.get(pk=wallet.member_id), me)
    assert "You share a household with this member" in correct(mia, wallet, 100)
    assert balance(wallet) == 500
    leave_household(me.pk, actor="test", now=datetime.now(UTC))
    correct(mia, wallet, 100)
    assert balance(wallet) == 600


def test_nobody_corrects_their_own_points(shop: Shop) -> None:
    now = datetime.now(UTC)
    own = enrol(identities=[claim("email", "Mia@Example.com")], via="web", actor="test", now=now)
    shop.commit(basket(1_000, member=Member.objects.get(pk=own.member_id)))
    wallet = Wallet.objects.get(member_id=own.member_id)
    mia = in_role(STORE_MANAGER)
    mia.email = "mia@example.com"
    mia.save()
    assert "Nobody corrects their own points" in correct(mia, wallet, 100)
    correct(in_role(FINANCE), wallet, 100)
    mia.groups.set(in_role(FINANCE).groups.all())
    decide(mia, Correction.objects.get(), "_approve")
    assert balance(wallet) == 100


def test_no_more_is_taken_than_can_be_spent(wallet: Wallet) -> None:
    CorrectionLimit.objects.update(points=1_000)
    assert "500 points can be spent now" in correct(in_role(STORE_MANAGER), wallet, -501)
    assert not Correction.objects.exists()
    assert balance(wallet) == 500


def test_who_may_not_correct_finds_no_page_for_it(wallet: Wallet) -> None:
    cashier = page_of(in_role(CASHIER))
    assert cashier.post(_address(wallet), {"points": 5}).status_code == 403
    assert cashier.get("/admin/loyalty/correction/").status_code == 403
    assert balance(wallet) == 500


def test_a_form_sent_twice_corrects_once_and_the_limit_is_for_a_day(wallet: Wallet) -> None:
    person, ref = in_role(STORE_MANAGER), new_ref("cor")
    for _ in range(3):
        assert "booked" in correct(person, wallet, 150, ref)
    assert balance(wallet) == 650
    assert "waits for approval" in correct(person, wallet, 51)
    assert "booked" in correct(person, wallet, -50)
    assert balance(wallet) == 600


def test_who_serves_stores_corrects_no_wallet_of_another_programme(
    open_shop: Callable[..., Shop], wallet: Wallet
) -> None:
    elsewhere, manager, finance = open_shop(), in_role(STORE_MANAGER), in_role(FINANCE)
    correct(in_role(STORE_MANAGER), wallet, 5_000)
    asked = Correction.objects.get()
    for person in (manager, finance):
        serves(person, elsewhere.place)

    told = {"points": 100, "reason": "missing", "note": "a gift"}
    assert page_of(manager).post(_address(wallet), told).status_code == 404
    path = f"/admin/loyalty/correction/{asked.pk}/change/"
    assert page_of(finance).post(path, {"_approve": ""}).status_code == 404
    assert "the till was down" not in page_of(finance).get("/admin/loyalty/correction/").content.decode()
    assert balance(wallet) == 500

    serves(finance, Place.objects.exclude(pk=elsewhere.place.pk).get())
    assert "booked" in decide(finance, asked, "_approve")


def _person_form(person: Staff, member: Member | None) -> dict[str, object]:
    form: dict[str, object] = {"username": person.username, "is_active": "on", "is_staff": "on"}
    form |= {"groups": [group.pk for group in person.groups.all()]}
    form |= {
        "own_member-TOTAL_FORMS": 1,
        "own_member-INITIAL_FORMS": 0,
        "own_member-0-staff": person.pk,
    }
    return form | ({"own_member-0-member": member.pk} if member else {})


def test_who_manages_staff_says_which_member_a_colleague_is(wallet: Wallet) -> None:
    mia, manager = in_role(STORE_MANAGER), in_role(ADMINISTRATOR)
    path = f"/admin/staff/staff/{mia.pk}/change/"

    saved = page_of(manager).post(path, _person_form(mia, wallet.member))

    assert saved.status_code == 302, saved.context["errors"]
    assert Colleague.objects.get().member == wallet.member
    assert "Nobody corrects their own points" in correct(mia, wallet, 100)
    assert "booked" in correct(in_role(STORE_MANAGER), wallet, 100)
    assert balance(wallet) == 600


def test_a_linked_colleague_approves_nothing_for_themselves(wallet: Wallet) -> None:
    finance = in_role(FINANCE)
    Colleague.objects.create(staff=finance, member=wallet.member)
    correct(in_role(STORE_MANAGER), wallet, 300)

    decide(finance, Correction.objects.get(), "_approve")

    assert balance(wallet) == 500


def test_nobody_says_of_themselves_which_member_they_are(wallet: Wallet) -> None:
    manager = in_role(ADMINISTRATOR)
    Colleague.objects.create(staff=manager, member=wallet.member)
    path = f"/admin/staff/staff/{manager.pk}/change/"

    page_of(manager).post(path, _person_form(manager, None) | {"own_member-0-DELETE": "on"})

    assert Colleague.objects.filter(staff=manager, member=wallet.member).exists()
