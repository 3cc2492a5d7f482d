from django.db import migrations, models

COUNT_THOSE_GIVEN = """
    INSERT INTO loyalty_tierday (wallet_id, member_id, spent_on, qualifying_minor, points)
    SELECT w.id, w.member_id, (a.happened_at AT TIME ZONE p.timezone)::date, 0, sum(a.points_earned)
      FROM loyalty_actsettlement a
      JOIN loyalty_wallet w ON w.member_id = a.member_id AND w.programme_id = a.programme_id
      JOIN omnichannel_programme p ON p.id = a.programme_id
     WHERE a.points_earned > 0
     GROUP BY 1, 2, 3
        ON CONFLICT (wallet_id, spent_on, member_id) DO UPDATE SET points = loyalty_tierday.points + excluded.points
"""


class Migration(migrations.Migration):
    dependencies = [("loyalty", "0032_benefits_are_booked_and_used")]

    operations = [
        migrations.AlterField(
            model_name="tierday",
            name="points",
            field=models.BigIntegerField(
                db_default=0, default=0, help_text="Earned by purchases and acts."
            ),
        ),
        migrations.RunSQL(COUNT_THOSE_GIVEN, migrations.RunSQL.noop),
    ]
