"""Who may import whom: the contracts stand in pyproject.toml, this runs them."""

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
