from django.db import migrations


class Migration(migrations.Migration):
    """Points that holds drew before they were set aside where they are go home. The holds are released: who still pays
    is told so, and holds anew."""

    dependencies = [("loyalty", "0031_holds_set_aside_in_each_wallet")]

    operations = [
        migrations.RunSQL(
            """
            DO $$
            DECLARE
                w record;
            BEGIN
                FOR w IN
                    SELECT DISTINCT o.id, o.member_id, o.programme_id FROM loyalty_pooledlot k
                    JOIN loyalty_lot l ON l.id = k.lot_id AND l.remaining > 0 AND (l.expires_at > now()) IS NOT FALSE
                    JOIN loyalty_wallet o ON o.id = k.wallet_id ORDER BY 1
                LOOP
                    PERFORM loyalty_lock_homes(w.member_id, w.programme_id);
                    UPDATE loyalty_hold SET state = 'released', ended_at = now()
                    WHERE wallet_id = w.id AND state = 'held' AND expires_at > now();
                    PERFORM loyalty_renew_figures(w.id, now());
                    PERFORM loyalty_send_home(w.id, 'household', now());
                END LOOP;
            END
            $$
            """,
            migrations.RunSQL.noop,
        )
    ]
