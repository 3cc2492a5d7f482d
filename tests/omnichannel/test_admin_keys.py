"""The staff's pages of keys, at their doors: made, shown once, rotated, revoked."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages import get_messages
from django.contrib.sessions.models import Session
from django.test import Client

from config.ground import clock
from config.staff.roles import ADMINISTRATOR, FINANCE, MARKETER, STORE_MANAGER
from omnichannel.models import ApiKey
from omnichannel.services.keys import revoke_key
from tests.omnichannel.factories import (
    MADE_AT,
    TillFactory,
    new_key,
)
from tests.omnichannel.visitors import signed_in

pytestmark = pytest.mark.django_db
KEYS = "/admin/omnichannel/apikey/"
A_KEY = re.compile(r"rk_[0-9a-z]{12}_[A-Za-z0-9_-]{43}")


def at_the_till(key: str) -> int:
    """What the till's door answers this key: 404 if it opens, for nobody has this phone."""
    answer = Client().post(
        "/api/v1/till/lookup",
        {"member": {"phone": "+12125550199"}},
        content_type="application/json",
        headers={"Authorization": f"Bearer {key}"},
    )
    return answer.status_code


def shown_key(answer: Any) -> str:
    """The one key on a page."""
    found = set(A_KEY.findall(answer.content.decode()))
    assert len(found) == 1
    return found.pop()


def make_a_key(client: Client, **fields: Any) -> Any:
    return client.post(f"{KEYS}add/", {"name": "Till 3", "scopes": ["till"], **fields})


def test_a_key_is_made_shown_once_and_works_until_it_is_revoked() -> None:
    client = signed_in(ADMINISTRATOR)
    till = TillFactory()

    text = shown_key(make_a_key(client, till=till.pk))

    key = ApiKey.objects.get()
    assert (key.till, key.scopes, key.prefix) == (till, ["till"], text[3:15])
    assert at_the_till(text) == 404
    assert at_the_till(text) == 404, "from the memory of the process too"

    answer = client.post(f"{KEYS}{key.pk}/revoke/", follow=True)

    assert "is refused from now on" in answer.content.decode()
    assert at_the_till(text) == 401
    key.refresh_from_db()
    assert key.revoked_at is not None


def test_the_text_of_a_key_is_on_one_answer_and_nowhere_else(caplog: pytest.LogCaptureFixture) -> None:
    client = signed_in(ADMINISTRATOR)

    made = make_a_key(client, till=TillFactory().pk)

    text = shown_key(made)
    secret = text[16:]
    assert "no-store" in made["Cache-Control"]
    assert [str(message) for message in get_messages(made.wsgi_request)] == []
    later = [
        client.get(path)
        for path in (KEYS, f"{KEYS}{ApiKey.objects.get().pk}/change/", "/admin/admin/logentry/")
    ]
    assert [secret for page in later if secret in page.content.decode()] == []
    entry = LogEntry.objects.get()
    assert secret not in entry.object_repr + entry.change_message
    assert [row for row in Session.objects.all() if secret in str(row.get_decoded())] == []
    assert secret not in caplog.text


def test_a_rotated_key_works_beside_its_successor_for_as_long_as_was_said() -> None:
    client = signed_in(ADMINISTRATOR)
    old = new_key("till", till_id=TillFactory().pk)

    text = shown_key(client.post(f"{KEYS}{old.id}/rotate/", {"overlap_h": "1"}))

    assert (at_the_till(old.text), at_the_till(text)) == (404, 404)
    ends_at = ApiKey.objects.get(pk=old.id).expires_at
    assert ends_at is not None
    assert timedelta(minutes=59) < ends_at - clock.now() <= timedelta(hours=1)
    assert at_the_till(shown_key(client.post(f"{KEYS}{old.id}/rotate/", {"overlap_h": "0"}))) == 404
    assert at_the_till(old.text) == 401


def test_a_look_at_the_pages_of_a_key_changes_nothing() -> None:
    client = signed_in(ADMINISTRATOR)
    key = new_key("till", till_id=TillFactory().pk)

    pages = [client.get(f"{KEYS}{key.id}/{verb}/") for verb in ("rotate", "revoke", "change")] + [
        client.get(f"{KEYS}add/")
    ]

    assert {page.status_code for page in pages} == {200}
    assert ApiKey.objects.count() == 1
    assert at_the_till(key.text) == 404


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"scopes": []}, "This field is required."),
        ({"scopes": ["everything"]}, "Select a valid choice."),
        ({}, "name a till or a store"),
        ({"ends_on": "2020-01-01"}, "This day is over."),
    ],
)
def test_a_key_that_could_do_nothing_or_too_much_is_not_made(fields: dict[str, Any], complaint: str) -> None:
    answer = make_a_key(signed_in(ADMINISTRATOR), **fields)

    assert answer.status_code == 422
    assert complaint in answer.content.decode()
    assert not ApiKey.objects.exists()


def test_a_revoked_key_offers_nothing_more() -> None:
    client = signed_in(ADMINISTRATOR)
    key = new_key("till", till_id=TillFactory().pk)
    revoke_key(key.id, now=MADE_AT)

    assert client.post(f"{KEYS}{key.id}/rotate/", {"overlap_h": "1"}).status_code == 403
    assert client.post(f"{KEYS}{key.id}/revoke/").status_code == 403
    assert ApiKey.objects.count() == 1


def test_the_last_day_of_a_key_ends_where_the_key_stands() -> None:
    till = TillFactory(place__programme__timezone="Asia/Taipei")

    make_a_key(signed_in(ADMINISTRATOR), till=till.pk, ends_on="2999-12-31")

    expires_at = ApiKey.objects.get().expires_at
    assert expires_at is not None
    assert expires_at.isoformat() == "2999-12-31T16:00:00+00:00"


@pytest.mark.parametrize("role", [STORE_MANAGER, MARKETER, FINANCE])
def test_only_administrators_make_rotate_and_revoke(role: str) -> None:
    client = signed_in(role)
    key = new_key("till", till_id=TillFactory().pk)

    answers = [make_a_key(client, till=TillFactory().pk)]
    answers += [client.post(f"{KEYS}{key.id}/{verb}/", {"overlap_h": "1"}) for verb in ("rotate", "revoke")]

    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert ApiKey.objects.count() == 1
    assert at_the_till(key.text) == 404
