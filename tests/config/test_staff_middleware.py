"""The layers of the staff's pages, and their absence elsewhere."""

import os
import subprocess
import sys
from typing import Any

import pytest
from django.conf import settings
from django.core.checks import run_checks
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from config.staff.checks import NEEDED_IN_ORDER
from config.staff.middleware import NOTHING_BUT_DATA, ForAdminOnly
from tests.config.staff import StaffFactory, give_password
from tests.house.floorplan import PROJECT

POLICY = "Content-Security-Policy"


def test_machines_pay_for_no_session() -> None:
    seen: list[HttpRequest] = []

    def door(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse()

    answer = ForAdminOnly(door)(RequestFactory().get("/api/v1/me"))

    assert not hasattr(seen[0], "session")
    assert not hasattr(seen[0], "user")
    assert answer[POLICY] == NOTHING_BUT_DATA


@pytest.mark.django_db
def test_pages_have_all_layers() -> None:
    seen: list[HttpRequest] = []

    def page(request: HttpRequest) -> HttpResponse:
        seen.append(request)
        return HttpResponse()

    answer = ForAdminOnly(page)(RequestFactory().get("/admin/"))

    assert hasattr(seen[0], "session")
    assert hasattr(seen[0].user, "is_verified")
    assert answer["X-Frame-Options"] == "DENY"


@pytest.mark.django_db
def test_a_post_to_the_admin_needs_its_csrf_token() -> None:
    client = Client(enforce_csrf_checks=True)

    assert give_password(client, StaffFactory()).status_code == 403


@pytest.mark.django_db
def test_a_page_that_is_not_there_or_not_for_them_says_so_in_words(client: Client) -> None:
    give_password(client, StaffFactory())
    refused = client.get("/admin/staff/staff/")
    assert refused.status_code == 403
    assert "An administrator gives roles" in refused.content.decode()
    missing = client.get("/admin/nothing/like/this/")
    assert missing.status_code == 404
    assert "a store that you do not serve" in missing.content.decode()
    elsewhere = client.get("/nothing/like/this")
    assert elsewhere.status_code == 404
    assert "There is nothing here" in elsewhere.content.decode()
    assert "store" not in elsewhere.content.decode()


@pytest.mark.django_db
def test_only_the_admin_may_evaluate_scripts(client: Client) -> None:
    give_password(client, StaffFactory(is_superuser=True))
    policies = {
        path: client.get(path)[POLICY] for path in ("/admin/", "/admin/login/", "/admin/staff/staff/")
    }

    assert all("'unsafe-eval'" in policy for policy in policies.values())
    assert all(
        "script-src 'self'" in policy and "object-src 'none'" in policy for policy in policies.values()
    )
    assert client.get("/api/v1/nothing-here")[POLICY] == NOTHING_BUT_DATA


def test_the_checks_that_look_elsewhere_are_silenced_and_ours_is_content() -> None:
    problems = run_checks()

    assert [problem for problem in problems if problem.id == "staff.E001"] == []
    assert [problem for problem in problems if not problem.is_silenced()] == []


@pytest.mark.parametrize("missing", NEEDED_IN_ORDER)
def test_our_check_tells_when_a_layer_is_missing(settings: Any, missing: str) -> None:
    settings.ADMIN_MIDDLEWARE = [name for name in settings.ADMIN_MIDDLEWARE if name != missing]

    assert "staff.E001" in [problem.id for problem in run_checks()]


@pytest.mark.parametrize("is_required", [True, False])
def test_a_deployment_without_compulsory_second_factor_is_warned(settings: Any, is_required: bool) -> None:
    settings.REGULARS_REQUIRE_SECOND_FACTOR = is_required
    warned = "staff.W001" in [problem.id for problem in run_checks(include_deployment_checks=True)]

    assert warned is not is_required


def test_who_checks_an_installation_is_told_of_all_that() -> None:
    """In a process of its own: here the tests import the checks, and the pages that are checked."""
    code = (
        "import sys, django; django.setup(); from django.core.checks import run_checks;"
        "found = run_checks(tags=['admin', 'security'], include_deployment_checks=True);"
        "assert {f'{floor}.admin' for floor in ('members', 'loyalty', 'campaigns')} <= sys.modules.keys();"
        "print(*(problem.id for problem in found))"
    )
    wanting = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "REGULARS_REQUIRE_SECOND_FACTOR": "0",
    }

    told = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, env=wanting, capture_output=True, text=True, check=True
    )

    assert "staff.W001" in told.stdout.split()


def test_the_layers_are_named_in_the_settings() -> None:
    assert "config.staff.middleware.ForAdminOnly" in settings.MIDDLEWARE
    assert not [name for name in settings.MIDDLEWARE if "session" in name.lower()]
