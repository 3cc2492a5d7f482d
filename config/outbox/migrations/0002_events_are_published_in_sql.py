"""Publishing as SQL functions, so that hot doors can announce inside the statement that does the work."""

from django.db import migrations

PUBLISH = """
CREATE FUNCTION outbox_publish(
    name text, member_id bigint, payload jsonb, happened_at timestamptz, recorded_at timestamptz, subscribers text[]
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    made bigint;
BEGIN
    INSERT INTO outbox_event (name, member_id, payload, happened_at, recorded_at)
    VALUES ($1, $2, $3, $4, $5) RETURNING id INTO made;
    INSERT INTO outbox_delivery (event_id, subscriber, member_id, attempts, next_attempt_at, last_error, is_dead)
    SELECT made, who, $2, 0, $5, '', false FROM unnest($6) AS who;
    RETURN made;
END
$$;
COMMENT ON FUNCTION outbox_publish IS 'Write an event and a waiting delivery for each subscriber; gives the event''s id.';
"""

PUBLISH_MANY = """
CREATE FUNCTION outbox_publish_many(
    names text[], member_ids bigint[], payloads jsonb[], happened_ats timestamptz[], recorded_at timestamptz,
    listened text[], listeners text[]
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    written bigint;
BEGIN
    WITH made AS (
        INSERT INTO outbox_event (name, member_id, payload, happened_at, recorded_at)
        SELECT one.name, one.member_id, one.payload, one.happened_at, $5
        FROM unnest($1, $2, $3, $4) WITH ORDINALITY AS one (name, member_id, payload, happened_at, position)
        ORDER BY one.position
        RETURNING id, name, member_id
    ), sent AS (
        INSERT INTO outbox_delivery (event_id, subscriber, member_id, attempts, next_attempt_at, last_error, is_dead)
        SELECT made.id, pair.listener, made.member_id, 0, $5, '', false
        FROM made JOIN unnest($6, $7) AS pair (listened, listener) ON pair.listened = made.name
        ORDER BY made.id
    )
    SELECT count(*) INTO written FROM made;
    RETURN written;
END
$$;
COMMENT ON FUNCTION outbox_publish_many IS
    'outbox_publish for many: one array entry per event, and pairs of event name and subscriber; gives their number.';
"""


class Migration(migrations.Migration):
    dependencies = [("outbox", "0001_events_are_announced")]

    operations = [
        migrations.RunSQL(PUBLISH, "DROP FUNCTION outbox_publish"),
        migrations.RunSQL(PUBLISH_MANY, "DROP FUNCTION outbox_publish_many"),
    ]
