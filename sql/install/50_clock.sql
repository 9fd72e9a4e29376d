-- The pass over what has fallen due.

CREATE FUNCTION osm.tick(OUT breaches integer, OUT warnings integer, OUT next_due timestamptz)
    RETURNS record LANGUAGE c VOLATILE PARALLEL UNSAFE
    AS 'MODULE_PATHNAME', 'osm_tick';
COMMENT ON FUNCTION osm.tick() IS
    'One bounded pass: flags clocks past due, writes warnings, and says when something is due '
    'next. What the worker does; for any scheduler where there is none.';
