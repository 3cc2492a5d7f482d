"""The API document says what the doors do, and the copy in `docs/` says the same."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from drf_spectacular.validation import validate_schema

from config.ground.api.schema import document
from config.ground.management.commands.openapi import laid_out

COPY = Path(__file__).resolve().parent.parent.parent / "docs" / "openapi.json"


@pytest.fixture(scope="module")
def doc() -> dict[str, Any]:
    made: dict[str, Any] = json.loads(document())
    return made


def operations(doc: dict[str, Any]) -> list[dict[str, Any]]:
    return [operation for path in doc["paths"].values() for operation in path.values()]


def test_the_copy_in_docs_is_in_step() -> None:
    assert COPY.read_bytes() == laid_out(document()), "run: manage.py openapi"


def test_it_is_openapi_3_1_and_valid(doc: dict[str, Any]) -> None:
    assert doc["openapi"].startswith("3.1")
    validate_schema(doc)


def test_each_operation_has_its_own_name_and_says_what_it_does(doc: dict[str, Any]) -> None:
    names = [operation["operationId"] for operation in operations(doc)]

    assert sorted(names) == sorted(set(names))
    assert [operation["operationId"] for operation in operations(doc) if not operation["summary"]] == []


def test_each_operation_has_an_answer_that_is_no_problem(doc: dict[str, Any]) -> None:
    without = [
        operation["operationId"]
        for operation in operations(doc)
        if not any(status.startswith("2") for status in operation["responses"])
    ]

    assert without == []


def test_each_reference_leads_somewhere(doc: dict[str, Any]) -> None:
    def references(value: Any) -> list[str]:
        if isinstance(value, list):
            return [found for one in value for found in references(one)]
        if not isinstance(value, dict):
            return []
        own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
        return own + [found for one in value.values() for found in references(one)]

    for reference in set(references(doc)):
        place: Any = doc
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_it_is_given_out_once(client: Client) -> None:
    response = client.get("/api/v1/openapi.json")
    again = client.get("/api/v1/openapi.json", headers={"If-None-Match": response["ETag"]})

    assert (response.status_code, response.content) == (200, document())
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.django_db
def test_the_page_to_read_it_loads_nothing_from_elsewhere(client: Client) -> None:
    response = client.get("/api/docs")

    page = response.content.decode()
    assert response.status_code == 200
    assert "http" not in page.replace("http-equiv", "")
    assert "<script>" not in page
    assert "default-src 'self'" in response["Content-Security-Policy"]
