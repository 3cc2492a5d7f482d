from pathlib import Path

from django.db import migrations

SQL = Path(__file__).parent / "sql"


def functions(name: str, *made: str) -> migrations.RunSQL:
    return migrations.RunSQL(
        (SQL / f"{name}.sql").read_text(), "; ".join(f"DROP FUNCTION {function}" for function in reversed(made))
    )


class Migration(migrations.Migration):
    dependencies = [
        ("loyalty", "0001_wallets_hold_lots_and_entries_move_points"),
        ("omnichannel", "0003_orders_are_recorded_in_one_statement"),
        ("ground", "0002_answers_are_remembered_in_sql"),
        ("outbox", "0002_events_are_published_in_sql"),
    ]

    operations = [
        functions("moment", "loyalty_moment"),
        functions("wallets", "loyalty_refresh_figures", "loyalty_wallet_body"),
        functions("book", "loyalty_draw", "loyalty_credit", "loyalty_lock_wallets", "loyalty_lock_existing"),
        functions("facts", "loyalty_purchase_facts"),
        functions("screen", "loyalty_usual_order", "loyalty_till_screen"),
        functions("purchase", "loyalty_book_purchases", "loyalty_compare_facts", "loyalty_climb"),
        functions("expiry", "loyalty_book_expiry"),
        functions("seals", "loyalty_digest_of_day"),
    ]
