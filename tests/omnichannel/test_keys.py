import hashlib
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from omnichannel.api import keys as remembered_keys
from omnichannel.errors import KeyAlreadyRevoked, KeyNotFound, ScopeNotKnown, TillNotFound
from omnichannel.models import ApiKey
from omnichannel.rules.keys import prefix_of
from omnichannel.services.keys import make_key, note_use, revoke_key, rotate_key
from tests.omnichannel.factories import MADE_AT, PlaceFactory, ProgrammeFactory, TillFactory, new_key

pytestmark = pytest.mark.django_db
STORES = "/api/v1/stores"


def status_with(client: Client, text: str) -> int:
    return client.get(STORES, headers={"Authorization": f"Bearer {text}"}).status_code


def test_a_key_is_stored_as_its_sha256_and_seen_by_its_prefix_alone() -> None:
    till = TillFactory()

    made = new_key("till", till_id=till.pk)

    key = ApiKey.objects.get(pk=made.id)
    assert bytes(key.secret_hash) == hashlib.sha256(made.text.encode()).digest()
    assert made.text.startswith(f"rk_{key.prefix}_")
    assert len(made.text) == len("rk_") + 12 + 1 + 43
    assert made.text not in str(key)
    assert made.text not in repr(made)


def test_the_secret_of_a_key_stands_nowhere_in_the_database() -> None:
    made = new_key("catalogue", programme_id=ProgrammeFactory().pk)
    secret = made.text.rpartition(prefix_of(made.text) + "_")[2]

    rotate_key(made.id, now=MADE_AT)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT k::text FROM omnichannel_apikey k UNION ALL SELECT e::text FROM omnichannel_apikeyevent e"
        )
        rows = cursor.fetchall()
    assert len(rows) == 3
    assert not [row for (row,) in rows if secret in row]


def test_the_key_of_a_till_knows_its_place_and_programme() -> None:
    till = TillFactory()

    key = ApiKey.objects.get(pk=new_key("till", till_id=till.pk).id)

    assert (key.till_id, key.place_id, key.programme_id) == (till.pk, till.place_id, till.place.programme_id)


def test_a_key_needs_scopes_that_exist() -> None:
    with pytest.raises(ScopeNotKnown):
        new_key("everything")
    with pytest.raises(ScopeNotKnown):
        new_key()
    with pytest.raises(TillNotFound):
        new_key("till", till_id=0)

    assert not ApiKey.objects.exists()


def test_a_revoked_key_is_refused_at_once(client: Client) -> None:
    made = new_key("catalogue", programme_id=ProgrammeFactory().pk)
    assert status_with(client, made.text) == 200

    revoke_key(made.id, now=timezone.now())
    refused = client.get(STORES, headers={"Authorization": f"Bearer {made.text}"})

    assert refused.status_code == 401
    assert refused.json()["code"] == "key_revoked"
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_key_revoked_once_is_neither_revoked_nor_rotated_again() -> None:
    made = new_key("till", till_id=TillFactory().pk)
    revoke_key(made.id, now=MADE_AT)

    with pytest.raises(KeyAlreadyRevoked):
        revoke_key(made.id, now=MADE_AT + timedelta(days=1))
    with pytest.raises(KeyAlreadyRevoked):
        rotate_key(made.id, now=MADE_AT)
    with pytest.raises(KeyNotFound):
        revoke_key(0, now=MADE_AT)

    assert ApiKey.objects.get().revoked_at == MADE_AT


def test_a_rotated_key_stays_valid_for_the_overlap_and_then_ends(client: Client) -> None:
    now = timezone.now()
    old = new_key("catalogue", programme_id=ProgrammeFactory().pk)

    successor = rotate_key(old.id, overlap=timedelta(hours=1), now=now)
    assert (status_with(client, old.text), status_with(client, successor.text)) == (200, 200)
    ApiKey.objects.filter(pk=old.id).update(expires_at=now - timedelta(seconds=1))

    assert (status_with(client, old.text), status_with(client, successor.text)) == (401, 200)
    key = ApiKey.objects.get(pk=successor.id)
    assert (key.rotated_from_id, key.scopes, key.expires_at) == (old.id, ["catalogue"], None)


def test_rotation_never_lengthens_the_life_of_a_key() -> None:
    ends_at = MADE_AT + timedelta(hours=2)
    old = make_key(
        name="Short", scopes=["stock"], programme_id=ProgrammeFactory().pk, expires_at=ends_at, now=MADE_AT
    )

    successor = rotate_key(old.id, overlap=timedelta(days=7), now=MADE_AT)

    assert ApiKey.objects.get(pk=old.id).expires_at == ends_at
    assert ApiKey.objects.get(pk=successor.id).expires_at == ends_at


def test_bearers_that_are_no_key_are_refused(client: Client) -> None:
    real = new_key("catalogue", programme_id=ProgrammeFactory().pk).text
    other = real[:-1] + ("A" if real[-1] != "A" else "B")

    refused = {
        status_with(client, text) for text in ("rk_", "rk_nothing", other, "rk_" + "0" * 12 + "_" + "x" * 43)
    }

    assert refused == {401}
    assert client.get(STORES).status_code == 401


def test_a_key_without_the_scope_is_refused_by_name(client: Client) -> None:
    key = new_key("events", programme_id=ProgrammeFactory().pk)

    refused = client.get(STORES, headers={"Authorization": f"Bearer {key.text}"})

    assert refused.status_code == 403
    assert "catalogue" in refused.json()["detail"]


def test_the_last_use_is_written_once_a_day(client: Client) -> None:
    made = new_key("catalogue", programme_id=ProgrammeFactory().pk)
    assert status_with(client, made.text) == 200
    first_used_on = ApiKey.objects.get().last_used_on

    note_use(made.id, on=first_used_on - timedelta(days=3))

    assert first_used_on == timezone.now().date()
    assert ApiKey.objects.get().last_used_on == first_used_on


def test_looking_a_key_up_costs_one_statement(client: Client, django_assert_num_queries: object) -> None:
    place = PlaceFactory()
    made = new_key("catalogue", place_id=place.pk)
    status_with(client, made.text)

    with django_assert_num_queries(1):  # type: ignore[operator]
        caller = remembered_keys._look_up(made.text, hashlib.sha256(made.text.encode()).digest())

    assert (caller.name, caller.place_code, caller.programme_code) == (
        f"key:{made.id}",
        place.code,
        place.programme.code,
    )
    assert (caller.currency, caller.timezone, caller.region) == ("USD", "America/New_York", "US")
