"""What staff change is kept, with who changed it."""

import pytest
from django.apps import apps
from django.db import DatabaseError, transaction
from django.test import Client

from config.staff.models import Staff
from tests.config.staff import StaffFactory, give_password

StaffEvent = apps.get_model("staff", "StaffEvent")
FORM = {
    "own_member-TOTAL_FORMS": 0,
    "own_member-INITIAL_FORMS": 0,
    "username": "mei",
    "is_active": "on",
    "is_staff": "on",
    "email": "mei@shop.example",
}


def rename(client: Client, colleague: Staff, name: str) -> None:
    answer = client.post(f"/admin/staff/staff/{colleague.pk}/change/", {**FORM, "display_name": name})
    assert answer.status_code == 302


@pytest.mark.django_db
def test_a_change_on_a_page_says_who_made_it_and_where(client: Client) -> None:
    chief = StaffFactory(is_superuser=True)
    colleague = StaffFactory(username="mei", display_name="Mei")
    give_password(client, chief)

    rename(client, colleague, "Mei-Ling")

    event = StaffEvent.objects.get(pgh_obj=colleague, pgh_label="update")
    assert event.display_name == "Mei-Ling"
    assert event.pgh_context.metadata == {
        "user": chief.pk,
        "url": f"/admin/staff/staff/{colleague.pk}/change/",
    }


@pytest.mark.django_db(transaction=True)
def test_who_is_said_for_one_transaction_only(client: Client) -> None:
    chief = StaffFactory(is_superuser=True)
    colleague = StaffFactory(username="mei")
    give_password(client, chief)
    rename(client, colleague, "Mei-Ling")

    colleague.refresh_from_db()
    colleague.display_name = "Somebody"
    colleague.save()

    last = StaffEvent.objects.filter(pgh_obj=colleague).latest("pgh_id")
    assert (last.display_name, last.pgh_context) == ("Somebody", None)


@pytest.mark.django_db
def test_history_is_append_only() -> None:
    StaffFactory()

    with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
        StaffEvent.objects.update(username="nobody")
    with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
        StaffEvent.objects.all().delete()


@pytest.mark.django_db
def test_passwords_are_not_in_the_history() -> None:
    assert "password" not in {field.name for field in StaffEvent._meta.get_fields()}
