"""What the dashboard shows of campaigns."""

from datetime import datetime

from campaigns.queries.figures import list_last_runs
from config.staff.dashboard import Card, Chart, Series, add_card

RUNS = 6
LONGEST_NAME = 28


def last_campaigns(_now: datetime) -> Chart:
    """What became of the last runs."""
    runs = list_last_runs(RUNS)
    return Chart(
        [run.name if len(run.name) <= LONGEST_NAME else f"{run.name[:LONGEST_NAME]}…" for run in runs],
        [
            Series("sent", [run.sent for run in runs]),
            Series("read", [run.opened for run in runs]),
            Series("used", [run.used for run in runs]),
            Series("left out", [run.left_out for run in runs]),
        ],
        unit="members",
        is_horizontal=True,
    )


add_card(Card("Last campaigns", 90, "campaigns.view_campaign", last_campaigns))
