"""Each role sees exactly what it should."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.test import Client

from config.staff.list_exports import MAY_EXPORT
from config.staff.roles import ADMINISTRATOR, CASHIER, FINANCE, MARKETER, ROLES, STORE_MANAGER, sync_roles
from config.staff.site import site
from tests.config.staff import StaffFactory, give_password, in_role

pytestmark = pytest.mark.django_db

OF_THE_FLOORS = ("members.", "omnichannel.", "loyalty.", "campaigns.")


def rights_of(role: str) -> set[str]:
    permissions = Group.objects.get(name=role).permissions.select_related("content_type")
    return {f"{one.content_type.app_label}.{one.codename}" for one in permissions}


def pages_seen_by(client: Client, role: str) -> set[str]:
    """The models on the index of somebody with only this role."""
    give_password(client, in_role(role))
    apps_shown = client.get("/admin/").context["app_list"]
    return {page["model"]._meta.label_lower for app in apps_shown for page in app["models"]}


def registered(*starts: str) -> set[str]:
    return {model._meta.label_lower for model in site._registry if model._meta.label_lower.startswith(starts)}


def test_the_table_names_only_what_there_is() -> None:
    assert sync_roles() == []


def test_syncing_again_changes_nothing_and_sets_back_what_was_changed_by_hand() -> None:
    sync_roles()
    before = {role: rights_of(role) for role in ROLES}
    Group.objects.get(name=CASHIER).permissions.add(Permission.objects.get(codename="delete_member"))
    Group.objects.get(name=FINANCE).permissions.clear()

    sync_roles()

    assert {role: rights_of(role) for role in ROLES} == before


def test_groups_of_other_names_are_left_alone() -> None:
    own = Group.objects.create(name="night shift")
    own.permissions.add(Permission.objects.get(codename="view_member"))

    sync_roles()

    assert rights_of("night shift") == {"members.view_member"}


def test_a_cashier_finds_and_enrols_members_and_sees_no_more_of_them_than_the_till_shows() -> None:
    sync_roles()

    assert rights_of(CASHIER) == {
        "members.view_member",
        "members.add_member",
        "omnichannel.view_interaction",
        "omnichannel.add_interaction",
        "omnichannel.view_servicecase",
        "omnichannel.add_servicecase",
        "loyalty.view_wallet",
        "loyalty.view_tierstanding",
        "loyalty.view_grant",
    }


@pytest.mark.parametrize(
    ("role", "sees_personal_data"),
    [(CASHIER, False), (STORE_MANAGER, True), (MARKETER, False), (FINANCE, False), (ADMINISTRATOR, True)],
)
def test_personal_data_is_for_some_roles_only(role: str, sees_personal_data: bool) -> None:
    sync_roles()

    assert ("members.see_personal_data" in rights_of(role)) is sees_personal_data


@pytest.mark.parametrize("role", [CASHIER, STORE_MANAGER, MARKETER, FINANCE])
def test_only_administrators_touch_staff_keys_and_the_works(role: str) -> None:
    sync_roles()
    forbidden = ("staff.", "auth.", "axes.", "admin.", "outbox.", "ground.", "django_celery_beat.")

    taking_lists_away = {MAY_EXPORT} if role != CASHIER else set()
    assert {right for right in rights_of(role) if right.startswith(forbidden)} == taking_lists_away
    assert {right for right in rights_of(role) if right.endswith("_apikey") and "view" not in right} == set()


def test_nobody_but_administrators_and_marketers_writes_campaigns() -> None:
    sync_roles()
    writers = {
        role
        for role in ROLES
        for right in rights_of(role)
        if right.startswith("campaigns.") and not right.startswith("campaigns.view_")
    }

    assert writers <= {MARKETER, ADMINISTRATOR}


@pytest.mark.parametrize("role", list(ROLES))
def test_the_index_shows_each_role_the_pages_it_may_see_and_no_others(client: Client, role: str) -> None:
    sync_roles()
    may_see = {right.replace(".view_", ".") for right in rights_of(role) if ".view_" in right}
    expected = {label for label in registered("") if label in may_see}

    assert pages_seen_by(client, role) == expected


def test_the_administrator_sees_every_page(client: Client) -> None:
    assert pages_seen_by(client, ADMINISTRATOR) == registered("")


def test_the_sidebar_offers_only_what_opens(client: Client) -> None:
    give_password(client, in_role(CASHIER))
    groups = client.get("/admin/").context["sidebar_navigation"]
    links = [item["link"] for group in groups for item in group["items"]]

    assert {client.get(link).status_code for link in links} == {200}
    assert [link for link in links if "/staff/" in link] == []
    assert client.get("/admin/staff/staff/").status_code == 403


def test_every_registered_page_opens_for_the_administrator(client: Client) -> None:
    give_password(client, in_role(ADMINISTRATOR))
    answers = {
        model._meta.label_lower: client.get(
            f"/admin/{model._meta.app_label}/{model._meta.model_name}/"
        ).status_code
        for model in site._registry
    }

    assert {label: status for label, status in answers.items() if status != 200} == {}


def test_an_address_of_no_row_leads_nowhere_without_a_fault(client: Client) -> None:
    give_password(client, in_role(ADMINISTRATOR))
    answers = {
        address: client.get(address).status_code
        for model in site._registry
        for row in ("0", "tea")
        for address in [f"/admin/{model._meta.app_label}/{model._meta.model_name}/{row}/change/"]
    }

    assert {address: status for address, status in answers.items() if status not in (302, 404)} == {}


def test_an_administrator_makes_no_superuser(client: Client) -> None:
    give_password(client, in_role(ADMINISTRATOR))
    colleague = StaffFactory(username="mei")

    client.post(
        f"/admin/staff/staff/{colleague.pk}/change/",
        {
            "username": "mei",
            "display_name": "Mei",
            "is_active": "on",
            "is_staff": "on",
            "is_superuser": "on",
            "own_member-TOTAL_FORMS": 0,
            "own_member-INITIAL_FORMS": 0,
        },
    )

    colleague.refresh_from_db()
    assert (colleague.display_name, colleague.is_superuser) == ("Mei", False)


def test_an_administrator_does_not_take_over_a_superuser(client: Client) -> None:
    give_password(client, in_role(ADMINISTRATOR))
    chief = StaffFactory(is_superuser=True)
    passwords = {"password1": "taken-over-now", "password2": "taken-over-now"}

    answer = client.post(f"/admin/staff/staff/{chief.pk}/password/", passwords)

    chief.refresh_from_db()
    assert answer.status_code == 403
    assert not chief.check_password("taken-over-now")


def test_every_page_is_in_our_look() -> None:
    looks = {page.__class__.__mro__ for page in site._registry.values()}

    assert all(any(base.__module__.startswith("unfold.admin") for base in mro) for mro in looks)
    assert apps.get_model("otp_totp", "TOTPDevice") not in site._registry, "it would show colleagues' secrets"
