"""Colleagues at their screens, for the tests of the staff's pages of this floor."""

from typing import Any

from django.test import Client

from omnichannel.models import Place
from tests.config.staff import give_password, in_role
from tests.omnichannel.factories import serves


def signed_in(role: str, *, at: Place | None = None) -> Client:
    """A browser in which somebody with this role is signed in, who serves this store if one is named."""
    person = in_role(role)
    if at is not None:
        serves(person, at)
    client = Client()
    give_password(client, person)
    return client


def rows_of(client: Client, path: str) -> set[Any]:
    """The rows on the first page of a list."""
    answer = client.get(path)
    assert answer.status_code == 200
    return set(answer.context["cl"].result_list)
