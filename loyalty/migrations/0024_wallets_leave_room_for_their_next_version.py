from django.db import migrations


class Migration(migrations.Migration):
    """A wallet changes at each purchase, and none of what is indexed does.

    With room on its page its next version stays there: no index grows, and a reader does not go through versions of before. Pages
    that are full already get their room as they are written anew, e.g. by `VACUUM FULL loyalty_wallet`.
    """

    dependencies = [("loyalty", "0023_the_days_that_count_are_handed_in")]

    operations = [
        migrations.RunSQL(
            "ALTER TABLE loyalty_wallet SET (fillfactor = 50); ALTER TABLE loyalty_tierday SET (fillfactor = 80)",
            "ALTER TABLE loyalty_wallet RESET (fillfactor); ALTER TABLE loyalty_tierday RESET (fillfactor)",
        ),
    ]
