from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

import pytest
from django.core.files.storage import storages
from django.test import Client
from pytest_django import Settings

from config.ground import clock
from config.ground.api import exact_limits
from members.models import Member
from omnichannel.models import Place, Programme, Till
from omnichannel.services.keys import make_key
from tests.members.factories import MemberFactory, bearer_of


@pytest.fixture
def now() -> datetime:
    return clock.now()


@pytest.fixture
def till(db: None, now: datetime) -> Client:
    """A till of the store S12 in Taipei."""
    programme = Programme.objects.create(
        code="tea", name="Tea", timezone="Asia/Taipei", currency="TWD", region="TW"
    )
    place = Place.objects.create(ref="plc_1", code="S12", name="Xinyi", kind="store", programme=programme)
    till = Till.objects.create(ref="til_1", place=place, code="1", name="Counter 1")
    return client_of(make_key(name="till", scopes=["till"], till_id=till.pk, now=now).text)


@pytest.fixture
def integration(db: None, now: datetime) -> Client:
    """An integration of the whole house, which may do with members what it likes."""
    return client_of(make_key(name="crm", scopes=["members"], now=now).text)


@pytest.fixture
def app_of(now: datetime) -> Callable[[Member], Client]:
    """The app of a member who is signed in."""
    return lambda member: Client(headers={"authorization": bearer_of(member, now=now)})


@pytest.fixture
def ada(db: None) -> Member:
    return MemberFactory(given_name="Ada", family_name="Lovelace")


@pytest.fixture
def ben(db: None) -> Member:
    return MemberFactory(given_name="Ben", family_name="Lovelace")


@pytest.fixture
def cleo(db: None) -> Member:
    return MemberFactory(given_name="Cleo", family_name="Lovelace")


@pytest.fixture(autouse=True)
def fresh_limits(settings: Settings) -> Iterator[None]:
    """Rate limits are counted in this process, from zero for each test."""
    settings.CACHE_URL = "memory://"
    exact_limits.forget_all()
    yield
    exact_limits.forget_all()


@pytest.fixture
def exports_folder(settings: Settings, tmp_path: Path) -> Iterator[Path]:
    """Where files that are kept for a while lie during this test."""
    settings.STORAGES["exports"]["OPTIONS"] = {"location": tmp_path / "exports"}
    storages._storages.clear()
    yield tmp_path / "exports"
    storages._storages.clear()


def client_of(key: str) -> Client:
    return Client(headers={"authorization": f"Bearer {key}"})
