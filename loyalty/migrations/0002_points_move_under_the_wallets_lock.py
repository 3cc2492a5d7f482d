"""The functions that write. A later change of one loads its file again."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"
IN_ORDER = [
    "moment",
    "tiers",
    "vouchers",
    "wallets",
    "book",
    "caps",
    "facts",
    "screen",
    "purchase",
    "expiry",
    "seals",
    "holds",
    "returns",
    "transfers",
    "reviews",
    "rewards",
    "books",
    "forgiven",
    "merges",
    "pools",
    "stamps",
]


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0001_wallets_hold_lots_and_entries_move_points"),
        ("omnichannel", "0002_orders_are_facts"),
        ("ground", "0002_answers_are_remembered_in_sql"),
        ("outbox", "0002_events_are_published_in_sql"),
    ]

    operations = [migrations.RunSQL((SQL / f"{name}.sql").read_text(), migrations.RunSQL.noop) for name in IN_ORDER]
