-- A moment as the API writes it: RFC 3339 in UTC.
CREATE OR REPLACE FUNCTION loyalty_moment(at timestamptz) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
RETURN to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"');
