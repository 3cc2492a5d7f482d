"""The API document is kept by the running server, and clients made from it work."""

import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from config.stack.ports import free_port
from tests.house.floorplan import PROJECT
from tests.stack.serving import opened_folder, serving

DOCUMENT = PROJECT / "docs" / "openapi.json"
HERE = Path(__file__).parent
SEED = 20261122
EXAMPLES = 10
"""Made-up requests per operation, on top of those that cover its schema one keyword after the other."""


@dataclass(frozen=True)
class OpenShop:
    """A shop that is served; `told` is what `contract_shop` says of it."""

    url: str
    told: dict[str, Any]


@pytest.fixture(scope="module")
def shop() -> Iterator[OpenShop]:
    with serving(opened_folder(), free_port()) as stack:
        stack.wait_until_ready()
        yield OpenShop(f"http://127.0.0.1:{stack.port}", stack.ask_beside("tests.stories.contract_shop"))


def test_the_server_keeps_the_document(shop: OpenShop) -> None:
    asked = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(HERE / "contract.toml")),
            *("run", str(DOCUMENT), "--url", shop.url, "--phases", "coverage,fuzzing", "--workers", "1"),
            *("--max-examples", str(EXAMPLES), "--seed", str(SEED), "--generation-database", "none"),
            *("--continue-on-failure", "--no-color"),
        ],
        cwd=PROJECT,
        env={
            **os.environ,
            "CONTRACT_SHOP": json.dumps(shop.told),
            "PYTHONPATH": str(PROJECT),
            "SCHEMATHESIS_HOOKS": "tests.stories.contract_hooks",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    operations = sum(len(path) for path in json.loads(DOCUMENT.read_bytes())["paths"].values())
    assert asked.returncode == 0, asked.stdout + asked.stderr
    assert f"Tested: {operations}\n" in asked.stdout, asked.stdout
    assert "Authentication failed" not in asked.stdout, asked.stdout


def test_a_client_made_from_the_document_looks_a_member_up_and_books(
    shop: OpenShop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warnings = _make_client(tmp_path / "regulars_client")
    monkeypatch.syspath_prepend(tmp_path)
    client_module, models, lookup, commit = (
        importlib.import_module(f"regulars_client.{name}")
        for name in ("client", "models", "api.till.lookup", "api.checkout.commit")
    )
    till = client_module.AuthenticatedClient(base_url=shop.url, token=shop.told["bearers"]["till"])
    member = models.MemberKey.from_dict(shop.told["body"]["member"])
    purchase = models.PurchaseBody(
        receipt_number="C-1",
        member=member,
        lines=[models.Line(sku="TEA", quantity=2, unit_price_minor=450)],
    )

    with till:
        screen = lookup.sync(client=till, body=models.LookupBody(member=member))
        first = commit.sync_detailed(client=till, body=purchase, idempotency_key="c-1")
        again = commit.sync_detailed(client=till, body=purchase, idempotency_key="c-2")

    assert warnings == ""
    assert screen.member.ref == shop.told["body"]["member"]["ref"]
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.parsed.settlement.points_earned == 90
    assert again.parsed.order.ref == first.parsed.order.ref


def _make_client(folder: Path) -> str:
    """Generate a Python client into a folder; answers with what the generator warned of."""
    made = subprocess.run(
        [
            *(sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none"),
            *("--path", str(DOCUMENT), "--output-path", str(folder)),
            *("--config", str(HERE / "contract_client.yaml")),
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    return made.stdout.partition("\n")[2] + made.stderr
