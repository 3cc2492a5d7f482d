"""Two functions, so that hot doors can remember an answer inside the statement that does the work."""

from django.db import migrations

REMEMBER = """
CREATE FUNCTION ground_remember(
    caller text, key text, fingerprint bytea, status int, body text, recorded_at timestamptz
) RETURNS boolean LANGUAGE sql AS $$
    WITH kept AS (
        INSERT INTO ground_idempotencykey (caller, key, fingerprint, status, body, recorded_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (caller, key) DO NOTHING
        RETURNING 1
    )
    SELECT EXISTS (SELECT 1 FROM kept)
$$;
COMMENT ON FUNCTION ground_remember IS 'Keep the answer given under a key; false if the key already has one.';
"""

RECALL = """
CREATE FUNCTION ground_recall(
    for_caller text, for_key text,
    OUT is_locked boolean, OUT fingerprint bytea, OUT status int, OUT body text
) LANGUAGE plpgsql AS $$
BEGIN
    is_locked := pg_try_advisory_xact_lock(hashtextextended(for_caller || chr(10) || for_key, 0));
    IF is_locked THEN
        -- A statement of its own, so that it sees what the last holder of the lock committed.
        SELECT kept.fingerprint, kept.status, kept.body INTO fingerprint, status, body
        FROM ground_idempotencykey AS kept WHERE kept.caller = for_caller AND kept.key = for_key;
    END IF;
END
$$;
COMMENT ON FUNCTION ground_recall IS 'Lock a key until commit (is_locked: whether that succeeded) and find its answer.';
"""


class Migration(migrations.Migration):
    dependencies = [("ground", "0001_requests_are_answered_once")]

    operations = [
        migrations.RunSQL(REMEMBER, "DROP FUNCTION ground_remember"),
        migrations.RunSQL(RECALL, "DROP FUNCTION ground_recall"),
    ]
