"""A relay of its own process with a subscriber that writes down what it learns, one `JobRun` per event.

    python -m tests.config.relay_process FOLDER

`FOLDER/hold` makes it stop in the middle of a batch, after writing, until the file is gone; it says so by
`FOLDER/held`. `FOLDER/refuse` holds cups that are refused, separated by blanks.
"""

import os
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import django
from django.core.management import call_command

FOLDER = Path(sys.argv[1]) if __name__ == "__main__" else Path()


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()

    from config.ground.models import JobRun
    from config.outbox.events import Delivered
    from config.outbox.registry import subscriber
    from tests.config.test_relay import CupFilled

    @subscriber("tests.scribe", to=[CupFilled], batch=20)
    def learn(events: Sequence[Delivered], *, now: datetime) -> None:
        refused = (FOLDER / "refuse").read_text().split() if (FOLDER / "refuse").exists() else []
        for one in events:
            assert isinstance(one.event, CupFilled)
            if str(one.event.cup) in refused:
                raise ValueError("not this cup")
            JobRun.objects.create(
                name=f"member {one.member_id}", total=one.event.cup, detail=str(os.getpid()), started_at=now
            )
        while (FOLDER / "hold").exists():
            (FOLDER / "held").touch()
            time.sleep(0.01)

    call_command("relay")


if __name__ == "__main__":
    main()
