"""The coupons of the Complete Journey as vouchers: what the report says of a handful of redemptions."""

import csv
import gzip
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from loyalty.models import VoucherSeries

pytestmark = pytest.mark.django_db

FILES: dict[str, list[dict[str, str]]] = {
    "coupons": [{"coupon_upc": "C1", "product_id": "TEA", "campaign_id": "1"}],
    "campaign_descriptions": [
        {"campaign_id": "1", "campaign_type": "Type B", "start_date": "2017-03-01", "end_date": "2017-03-31"}
    ],
    "campaigns": [{"campaign_id": "1", "household_id": household} for household in ("7", "8")],
    "coupon_redemptions": [
        {"household_id": household, "coupon_upc": "C1", "campaign_id": "1", "redemption_date": day}
        for household, day in (
            ("7", "2017-03-31"),
            ("7", "2017-04-01"),
            ("8", "2017-03-02"),
            ("9", "2017-03-02"),
            ("7", "2017-03-30"),
        )
    ],
    "transactions": [
        {
            "household_id": household,
            "store_id": "1",
            "basket_id": f"{household}{day}",
            "product_id": product,
            "quantity": "1",
            "sales_value": "2.50",
            "retail_disc": "0.5",
            "coupon_disc": off,
            "coupon_match_disc": "0.0",
            "week": "9",
            "transaction_timestamp": f"{day} 23:30:00",
        }
        for household, day, product, off in (
            ("7", "2017-03-31", "TEA", "0.75"),
            ("7", "2017-04-01", "TEA", "0.0"),
            ("8", "2017-03-02", "MILK", "0.0"),
            ("9", "2017-03-02", "TEA", "0.0"),
        )
    ],
}


def test_redemptions_are_told_once_more_and_those_refused_say_why(tmp_path: Path) -> None:
    for name, rows in FILES.items():
        with gzip.open(tmp_path / f"{name}.csv.gz", "wt", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            writer.writerows(rows)
    report = StringIO()
    call_command("replay_coupons", tmp_path, stdout=report)
    lines = report.getvalue().splitlines()
    assert lines[1] == "1 of 5 redemptions were accepted."
    assert sorted(lines[2:]) == [
        "1 were not: its campaign was not sent to the household.",
        "1 were not: its campaign was over.",
        "1 were not: no product of the coupon was bought that day.",
        "1 were not: the household bought nothing that day.",
    ]
    assert not VoucherSeries.objects.exists()


def test_a_folder_without_the_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        call_command("replay_coupons", tmp_path)
