"""Who may import whom: the contracts stand in pyproject.toml, this runs them. And who shall not, to start soon."""

import subprocess
import sys
from pathlib import Path

from tests.house.floorplan import PROJECT


def test_every_import_contract_is_kept(tmp_path: Path) -> None:
    linter = Path(sys.executable).with_name("lint-imports")

    checked = subprocess.run(
        [linter, "--cache-dir", tmp_path], cwd=PROJECT, capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stdout[-4000:]


def test_who_runs_tasks_imports_no_page() -> None:
    """The admin is a third of all there is to import, and whoever waits for a start waits for it three times."""
    code = (
        "import sys; from config.celery import app; app.loader.import_default_modules();"
        "assert 'loyalty.services.checkout' in sys.modules;"
        "print(*(name for name in sys.modules if '.admin.' in f'{name}.' or name in ('config.urls', 'openpyxl')))"
    )

    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True
    )

    ours = {"config", "members", "omnichannel", "loyalty", "campaigns", "openpyxl"}
    assert {name for name in loaded.stdout.split() if name.partition(".")[0] in ours} == set()
