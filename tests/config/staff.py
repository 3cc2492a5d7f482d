"""People for the tests of the staff's pages."""

from typing import Any

import factory
from django.contrib.auth.models import Group
from django.test import Client
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from config.staff import second_factor
from config.staff.models import Staff
from config.staff.roles import sync_roles

PASSWORD = "oolong-before-noon"


class StaffFactory(factory.django.DjangoModelFactory[Staff]):
    class Meta:
        model = Staff

    username = factory.Sequence(lambda number: f"colleague{number}")
    email = factory.LazyAttribute(lambda person: f"{person.username}@shop.example")

    @classmethod
    def _create(cls, model_class: type[Staff], *args: Any, **fields: Any) -> Staff:
        return model_class.objects.create_user(*args, password=PASSWORD, **fields)


def in_role(role: str, **fields: Any) -> Staff:
    """A person with this role, the roles being as declared."""
    sync_roles()
    person = StaffFactory(**fields)
    person.groups.add(Group.objects.get(name=role))
    return person


def give_password(client: Client, person: Staff, password: str = PASSWORD) -> Any:
    """The answer to the first step."""
    return client.post(
        "/admin/login/", {"username": person.username, "password": password, "next": "/admin/"}
    )


def with_app(person: Staff) -> list[str]:
    """Enrol an authenticator app for the person; its recovery codes."""
    secret = second_factor.new_secret()
    _, codes = second_factor.enrol(person, secret=secret, code=shown_code(secret))
    # The code of this half minute was used up by enrolling; the tests want to type it again.
    TOTPDevice.objects.filter(user=person).update(last_t=-1)
    return codes


def shown_code(secret: str) -> str:
    """What the app with this secret shows now."""
    return f"{totp(bytes.fromhex(secret)):06d}"


def code_of(person: Staff) -> str:
    """What the person's enrolled app shows now."""
    return shown_code(TOTPDevice.objects.get(user=person).key)


def is_inside(client: Client) -> bool:
    """Whether the admin opens."""
    return client.get("/admin/").status_code == 200
