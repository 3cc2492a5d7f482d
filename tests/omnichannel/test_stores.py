import pytest
from django.test import Client

from omnichannel.errors import ProgrammeNotValid
from omnichannel.models import Place, Programme, Till
from omnichannel.services.places import open_programme
from tests.omnichannel.factories import PlaceFactory, ProgrammeFactory, TillFactory, bearer

STORES = "/api/v1/stores"


@pytest.fixture
def programme(db: None) -> Programme:
    return ProgrammeFactory()


def test_a_store_is_opened_and_read(client: Client, programme: Programme) -> None:
    headers = bearer("catalogue", programme_id=programme.pk)

    opened = client.post(STORES, {"code": "S12", "name": "Main Street"}, "application/json", headers=headers)
    till = client.post(f"{STORES}/S12/tills", {"code": "T1"}, "application/json", headers=headers)

    assert (opened.status_code, till.status_code) == (201, 201)
    store = client.get(f"{STORES}/S12", headers=headers).json()
    assert store["ref"].startswith("plc_")
    assert store["tills"] == [till.json()]
    assert (store["kind"], store["is_open"], store["currency"]) == ("store", True, "USD")


def test_a_code_is_taken_once(client: Client, programme: Programme) -> None:
    TillFactory(place=PlaceFactory(programme=programme, code="S12"), code="T1")
    headers = bearer("catalogue", programme_id=programme.pk)

    store = client.post(STORES, {"code": "S12", "name": "Another"}, "application/json", headers=headers)
    till = client.post(f"{STORES}/S12/tills", {"code": "T1"}, "application/json", headers=headers)

    assert (store.status_code, store.json()["code"]) == (409, "store_code_taken")
    assert (till.status_code, till.json()["code"]) == (409, "till_code_taken")
    assert (Place.objects.count(), Till.objects.count()) == (1, 1)


def test_a_store_is_changed_only_as_seen(client: Client, programme: Programme) -> None:
    PlaceFactory(programme=programme, code="S12", name="Old")
    headers = bearer("catalogue", programme_id=programme.pk)
    etag = client.get(f"{STORES}/S12", headers=headers).headers["ETag"]

    closed = client.patch(
        f"{STORES}/S12", {"is_open": False}, "application/json", headers=headers | {"If-Match": etag}
    )
    stale = client.patch(
        f"{STORES}/S12", {"name": "New"}, "application/json", headers=headers | {"If-Match": etag}
    )

    assert (closed.status_code, closed.json()["is_open"]) == (200, False)
    assert stale.status_code == 412
    assert Place.objects.get().name == "Old"


@pytest.mark.parametrize("how_many", [1, 3])
def test_a_page_of_stores_costs_the_same_however_many(
    client: Client, programme: Programme, how_many: int, django_assert_num_queries: object
) -> None:
    for place in PlaceFactory.create_batch(how_many, programme=programme):
        TillFactory.create_batch(2, place=place)
    headers = bearer("catalogue", programme_id=programme.pk)
    client.get(STORES, headers=headers)

    with django_assert_num_queries(3):  # type: ignore[operator]  # key, stores, tills
        page = client.get(STORES, headers=headers).json()

    assert [len(store["tills"]) for store in page["results"]] == [2] * how_many


def test_a_tills_key_reads_stores_but_opens_none(client: Client, programme: Programme) -> None:
    till = TillFactory(place__programme=programme)
    headers = bearer("till", "catalogue", till_id=till.pk)

    assert client.get(STORES, headers=headers).status_code == 200
    assert (
        client.post(STORES, {"code": "X", "name": "X"}, "application/json", headers=headers).status_code
        == 403
    )
    assert Place.objects.count() == 1


@pytest.mark.parametrize(
    ("field", "value"),
    [("timezone", "Mars/Olympus"), ("currency", "usd"), ("region", "USA"), ("timezone", "")],
)
def test_a_programme_has_a_real_timezone_currency_and_region(db: None, field: str, value: str) -> None:
    facts = {"timezone": "Asia/Taipei", "currency": "TWD", "region": "TW"} | {field: value}

    with pytest.raises(ProgrammeNotValid):
        open_programme(code="tea", name="Tea", **facts)

    assert not Programme.objects.exists()


def test_opening_a_programme_again_leaves_it_as_it_is(db: None) -> None:
    facts = {"timezone": "Asia/Taipei", "currency": "TWD", "region": "TW"}

    once, again = (open_programme(code="tea", name=name, **facts) for name in ("Tea", "Other"))

    assert (once.pk, again.name) == (again.pk, "Tea")
