-- The type business_interval: text and binary form, order, arithmetic, aggregates, casts.

CREATE TYPE osm.business_interval;

CREATE FUNCTION osm.business_interval_in(cstring) RETURNS osm.business_interval
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_business_interval_in';
COMMENT ON FUNCTION osm.business_interval_in(cstring) IS 'I/O: text to business_interval';

CREATE FUNCTION osm.business_interval_out(osm.business_interval) RETURNS cstring
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_business_interval_out';
COMMENT ON FUNCTION osm.business_interval_out(osm.business_interval) IS
'I/O: business_interval to its canonical text';

CREATE FUNCTION osm.business_interval_recv(internal) RETURNS osm.business_interval
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_business_interval_recv';
COMMENT ON FUNCTION osm.business_interval_recv(internal) IS 'I/O: wire form to business_interval';

CREATE FUNCTION osm.business_interval_send(osm.business_interval) RETURNS bytea
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_business_interval_send';
COMMENT ON FUNCTION osm.business_interval_send(osm.business_interval) IS
'I/O: business_interval to its wire form';

CREATE TYPE osm.business_interval (
    INPUT = osm.business_interval_in,
    OUTPUT = osm.business_interval_out,
    RECEIVE = osm.business_interval_recv,
    SEND = osm.business_interval_send,
    INTERNALLENGTH = 16,
    ALIGNMENT = double
);
COMMENT ON TYPE osm.business_interval IS
'Business days and business time, such as ''9 business hours'' or ''2 business days 04:30''; '
'the two never convert into each other';

-- Making and taking apart

CREATE FUNCTION osm.make_business_interval(
    days integer DEFAULT 0, hours integer DEFAULT 0, mins integer DEFAULT 0,
    secs double precision DEFAULT 0)
RETURNS osm.business_interval
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_make_business_interval';
COMMENT ON FUNCTION osm.make_business_interval(integer, integer, integer, double precision) IS
'A business_interval from business days, hours, minutes and seconds';

CREATE FUNCTION osm.business_days(osm.business_interval) RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_business_days';
COMMENT ON FUNCTION osm.business_days(osm.business_interval) IS
'Number of business days; the time part does not count';

CREATE FUNCTION osm.business_seconds(osm.business_interval) RETURNS numeric
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_business_seconds';
COMMENT ON FUNCTION osm.business_seconds(osm.business_interval) IS
'Business time in seconds, exact; the days do not count';

CREATE FUNCTION osm.business_interval_to_interval(osm.business_interval) RETURNS interval
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_business_interval_to_interval';
COMMENT ON FUNCTION osm.business_interval_to_interval(osm.business_interval) IS
'Business days as days, business time as time; days do not become hours';

CREATE FUNCTION osm.interval_to_business_interval(interval) RETURNS osm.business_interval
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_interval_to_business_interval';
COMMENT ON FUNCTION osm.interval_to_business_interval(interval) IS
'Days as business days, time as business time; error 22023 for months and years';

CREATE CAST (osm.business_interval AS interval)
    WITH FUNCTION osm.business_interval_to_interval(osm.business_interval);
COMMENT ON CAST (osm.business_interval AS interval) IS 'Explicit only: the days are business days';
CREATE CAST (interval AS osm.business_interval)
    WITH FUNCTION osm.interval_to_business_interval(interval);
COMMENT ON CAST (interval AS osm.business_interval) IS
'Explicit only: the days become business days';

-- Order: days first, then time

CREATE FUNCTION osm.business_interval_eq(osm.business_interval, osm.business_interval)
RETURNS boolean LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_business_interval_eq';
COMMENT ON FUNCTION osm.business_interval_eq(osm.business_interval, osm.business_interval) IS
'Implementation of operator =';

CREATE FUNCTION osm.business_interval_ne(osm.business_interval, osm.business_interval)
RETURNS boolean LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_business_interval_ne';
COMMENT ON FUNCTION osm.business_interval_ne(osm.business_interval, osm.business_interval) IS
'Implementation of operator <>';

CREATE FUNCTION osm.business_interval_lt(osm.business_interval, osm.business_interval)
RETURNS boolean LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_business_interval_lt';
COMMENT ON FUNCTION osm.business_interval_lt(osm.business_interval, osm.business_interval) IS
'Implementation of operator <';

CREATE FUNCTION osm.business_interval_le(osm.business_interval, osm.business_interval)
RETURNS boolean LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_business_interval_le';
COMMENT ON FUNCTION osm.business_interval_le(osm.business_interval, osm.business_interval) IS
'Implementation of operator <=';

CREATE FUNCTION osm.business_interval_ge(osm.business_interval, osm.business_interval)
RETURNS boolean LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_business_interval_ge';
COMMENT ON FUNCTION osm.business_interval_ge(osm.business_interval, osm.business_interval) IS
'Implementation of operator >=';

CREATE FUNCTION osm.business_interval_gt(osm.business_interval, osm.business_interval)
RETURNS boolean LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_business_interval_gt';
COMMENT ON FUNCTION osm.business_interval_gt(osm.business_interval, osm.business_interval) IS
'Implementation of operator >';

CREATE FUNCTION osm.business_interval_cmp(osm.business_interval, osm.business_interval)
RETURNS integer LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_business_interval_cmp';
COMMENT ON FUNCTION osm.business_interval_cmp(osm.business_interval, osm.business_interval) IS
'-1, 0 or 1, by days first, then by time: a sort order, not a claim about length';

CREATE FUNCTION osm.business_interval_hash(osm.business_interval) RETURNS integer
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_business_interval_hash';
COMMENT ON FUNCTION osm.business_interval_hash(osm.business_interval) IS 'Hash value';

CREATE FUNCTION osm.business_interval_hash_extended(osm.business_interval, bigint) RETURNS bigint
LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_business_interval_hash_extended';
COMMENT ON FUNCTION osm.business_interval_hash_extended(osm.business_interval, bigint) IS
'Hash value of 64 bits, with a seed';

CREATE OPERATOR osm.= (
    LEFTARG = osm.business_interval, RIGHTARG = osm.business_interval,
    FUNCTION = osm.business_interval_eq, COMMUTATOR = OPERATOR(osm.=), NEGATOR = OPERATOR(osm.<>),
    RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
COMMENT ON OPERATOR osm.= (osm.business_interval, osm.business_interval) IS
'Same number of business days and same time';

CREATE OPERATOR osm.<> (
    LEFTARG = osm.business_interval, RIGHTARG = osm.business_interval,
    FUNCTION = osm.business_interval_ne, COMMUTATOR = OPERATOR(osm.<>), NEGATOR = OPERATOR(osm.=),
    RESTRICT = neqsel, JOIN = neqjoinsel
);
COMMENT ON OPERATOR osm.<> (osm.business_interval, osm.business_interval) IS 'Not equal';

CREATE OPERATOR osm.< (
    LEFTARG = osm.business_interval, RIGHTARG = osm.business_interval,
    FUNCTION = osm.business_interval_lt, COMMUTATOR = OPERATOR(osm.>), NEGATOR = OPERATOR(osm.>=),
    RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
COMMENT ON OPERATOR osm.< (osm.business_interval, osm.business_interval) IS
'Sorts before: fewer days, or as many days and less time';

CREATE OPERATOR osm.<= (
    LEFTARG = osm.business_interval, RIGHTARG = osm.business_interval,
    FUNCTION = osm.business_interval_le, COMMUTATOR = OPERATOR(osm.>=), NEGATOR = OPERATOR(osm.>),
    RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
COMMENT ON OPERATOR osm.<= (osm.business_interval, osm.business_interval) IS
'Sorts before or is equal';

CREATE OPERATOR osm.>= (
    LEFTARG = osm.business_interval, RIGHTARG = osm.business_interval,
    FUNCTION = osm.business_interval_ge, COMMUTATOR = OPERATOR(osm.<=), NEGATOR = OPERATOR(osm.<),
    RESTRICT = scalargesel, JOIN = scalargejoinsel
);
COMMENT ON OPERATOR osm.>= (osm.business_interval, osm.business_interval) IS
'Sorts after or is equal';

CREATE OPERATOR osm.> (
    LEFTARG = osm.business_interval, RIGHTARG = osm.business_interval,
    FUNCTION = osm.business_interval_gt, COMMUTATOR = OPERATOR(osm.<), NEGATOR = OPERATOR(osm.<=),
    RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);
COMMENT ON OPERATOR osm.> (osm.business_interval, osm.business_interval) IS
'Sorts after: more days, or as many days and more time';

CREATE OPERATOR FAMILY osm.business_interval_ops USING btree;
COMMENT ON OPERATOR FAMILY osm.business_interval_ops USING btree IS
'Order of business_interval: days first, then time';
CREATE OPERATOR CLASS osm.business_interval_ops
DEFAULT FOR TYPE osm.business_interval USING btree FAMILY osm.business_interval_ops AS
    OPERATOR 1 osm.<,
    OPERATOR 2 osm.<=,
    OPERATOR 3 osm.=,
    OPERATOR 4 osm.>=,
    OPERATOR 5 osm.>,
    FUNCTION 1 osm.business_interval_cmp(osm.business_interval, osm.business_interval),
    FUNCTION 4 pg_catalog.btequalimage(oid);
COMMENT ON OPERATOR CLASS osm.business_interval_ops USING btree IS
'Order of business_interval: days first, then time';

CREATE OPERATOR FAMILY osm.business_interval_ops USING hash;
COMMENT ON OPERATOR FAMILY osm.business_interval_ops USING hash IS 'Hashing of business_interval';
CREATE OPERATOR CLASS osm.business_interval_ops
DEFAULT FOR TYPE osm.business_interval USING hash FAMILY osm.business_interval_ops AS
    OPERATOR 1 osm.=,
    FUNCTION 1 osm.business_interval_hash(osm.business_interval),
    FUNCTION 2 osm.business_interval_hash_extended(osm.business_interval, bigint);
COMMENT ON OPERATOR CLASS osm.business_interval_ops USING hash IS 'Hashing of business_interval';

-- Arithmetic

CREATE FUNCTION osm.business_interval_plus(osm.business_interval, osm.business_interval)
RETURNS osm.business_interval LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_business_interval_plus';
COMMENT ON FUNCTION osm.business_interval_plus(osm.business_interval, osm.business_interval) IS
'Implementation of operator +; error 22008 on overflow';

CREATE FUNCTION osm.business_interval_minus(osm.business_interval, osm.business_interval)
RETURNS osm.business_interval LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_business_interval_minus';
COMMENT ON FUNCTION osm.business_interval_minus(osm.business_interval, osm.business_interval) IS
'Implementation of operator -; error 22008 on overflow';

CREATE FUNCTION osm.business_interval_uminus(osm.business_interval)
RETURNS osm.business_interval LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_business_interval_uminus';
COMMENT ON FUNCTION osm.business_interval_uminus(osm.business_interval) IS
'Implementation of unary operator -';

CREATE FUNCTION osm.business_interval_uplus(osm.business_interval)
RETURNS osm.business_interval LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_business_interval_uplus';
COMMENT ON FUNCTION osm.business_interval_uplus(osm.business_interval) IS
'Implementation of unary operator +';

CREATE FUNCTION osm.business_interval_times(osm.business_interval, double precision)
RETURNS osm.business_interval LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_business_interval_times';
COMMENT ON FUNCTION osm.business_interval_times(osm.business_interval, double precision) IS
'Implementation of operator *; error 22023 if the days do not come out whole';

CREATE FUNCTION osm.float8_times_business_interval(double precision, osm.business_interval)
RETURNS osm.business_interval LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_float8_times_business_interval';
COMMENT ON FUNCTION osm.float8_times_business_interval(double precision, osm.business_interval) IS
'Implementation of operator *; error 22023 if the days do not come out whole';

CREATE FUNCTION osm.business_interval_divide(osm.business_interval, double precision)
RETURNS osm.business_interval LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_business_interval_divide';
COMMENT ON FUNCTION osm.business_interval_divide(osm.business_interval, double precision) IS
'Implementation of operator /; error 22023 if the days do not come out whole';

CREATE OPERATOR osm.+ (
    LEFTARG = osm.business_interval, RIGHTARG = osm.business_interval,
    FUNCTION = osm.business_interval_plus, COMMUTATOR = OPERATOR(osm.+)
);
COMMENT ON OPERATOR osm.+ (osm.business_interval, osm.business_interval) IS
'Sum, days and time apart';

CREATE OPERATOR osm.- (
    LEFTARG = osm.business_interval, RIGHTARG = osm.business_interval,
    FUNCTION = osm.business_interval_minus
);
COMMENT ON OPERATOR osm.- (osm.business_interval, osm.business_interval) IS
'Difference, days and time apart';

CREATE OPERATOR osm.- (
    RIGHTARG = osm.business_interval, FUNCTION = osm.business_interval_uminus
);
COMMENT ON OPERATOR osm.- (NONE, osm.business_interval) IS 'Negation of both parts';

CREATE OPERATOR osm.+ (
    RIGHTARG = osm.business_interval, FUNCTION = osm.business_interval_uplus
);
COMMENT ON OPERATOR osm.+ (NONE, osm.business_interval) IS 'The value itself';

CREATE OPERATOR osm.* (
    LEFTARG = osm.business_interval, RIGHTARG = double precision,
    FUNCTION = osm.business_interval_times, COMMUTATOR = OPERATOR(osm.*)
);
COMMENT ON OPERATOR osm.* (osm.business_interval, double precision) IS
'Product; time is rounded half away from zero to the microsecond, days must come out whole';

CREATE OPERATOR osm.* (
    LEFTARG = double precision, RIGHTARG = osm.business_interval,
    FUNCTION = osm.float8_times_business_interval, COMMUTATOR = OPERATOR(osm.*)
);
COMMENT ON OPERATOR osm.* (double precision, osm.business_interval) IS
'Product; time is rounded half away from zero to the microsecond, days must come out whole';

CREATE OPERATOR osm./ (
    LEFTARG = osm.business_interval, RIGHTARG = double precision,
    FUNCTION = osm.business_interval_divide
);
COMMENT ON OPERATOR osm./ (osm.business_interval, double precision) IS
'Quotient; time is rounded half away from zero to the microsecond, days must come out whole';

-- Aggregates

CREATE FUNCTION osm.business_interval_smaller(osm.business_interval, osm.business_interval)
RETURNS osm.business_interval LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_business_interval_smaller';
COMMENT ON FUNCTION osm.business_interval_smaller(osm.business_interval, osm.business_interval) IS
'The one that sorts first';

CREATE FUNCTION osm.business_interval_larger(osm.business_interval, osm.business_interval)
RETURNS osm.business_interval LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_business_interval_larger';
COMMENT ON FUNCTION osm.business_interval_larger(osm.business_interval, osm.business_interval) IS
'The one that sorts last';

CREATE FUNCTION osm.business_interval_avg_accum(bigint[], osm.business_interval)
RETURNS bigint[] LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_business_interval_avg_accum';
COMMENT ON FUNCTION osm.business_interval_avg_accum(bigint[], osm.business_interval) IS
'Aggregate transition function of avg()';

CREATE FUNCTION osm.business_interval_avg_remove(bigint[], osm.business_interval)
RETURNS bigint[] LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_business_interval_avg_remove';
COMMENT ON FUNCTION osm.business_interval_avg_remove(bigint[], osm.business_interval) IS
'Aggregate inverse transition function of avg()';

CREATE FUNCTION osm.business_interval_avg_combine(bigint[], bigint[])
RETURNS bigint[] LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_business_interval_avg_combine';
COMMENT ON FUNCTION osm.business_interval_avg_combine(bigint[], bigint[]) IS
'Aggregate combine function of avg()';

CREATE FUNCTION osm.business_interval_avg_final(bigint[])
RETURNS osm.business_interval LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE
AS 'MODULE_PATHNAME', 'osm_business_interval_avg_final';
COMMENT ON FUNCTION osm.business_interval_avg_final(bigint[]) IS
'Aggregate final function of avg()';

CREATE AGGREGATE osm.sum(osm.business_interval) (
    SFUNC = osm.business_interval_plus, STYPE = osm.business_interval,
    COMBINEFUNC = osm.business_interval_plus,
    MSFUNC = osm.business_interval_plus, MINVFUNC = osm.business_interval_minus,
    MSTYPE = osm.business_interval,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE osm.sum(osm.business_interval) IS 'Sum, days and time apart';

CREATE AGGREGATE osm.min(osm.business_interval) (
    SFUNC = osm.business_interval_smaller, STYPE = osm.business_interval,
    COMBINEFUNC = osm.business_interval_smaller, SORTOP = OPERATOR(osm.<),
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE osm.min(osm.business_interval) IS 'The value that sorts first';

CREATE AGGREGATE osm.max(osm.business_interval) (
    SFUNC = osm.business_interval_larger, STYPE = osm.business_interval,
    COMBINEFUNC = osm.business_interval_larger, SORTOP = OPERATOR(osm.>),
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE osm.max(osm.business_interval) IS 'The value that sorts last';

CREATE AGGREGATE osm.avg(osm.business_interval) (
    SFUNC = osm.business_interval_avg_accum, STYPE = bigint[], INITCOND = '{0,0}',
    FINALFUNC = osm.business_interval_avg_final,
    COMBINEFUNC = osm.business_interval_avg_combine,
    MSFUNC = osm.business_interval_avg_accum, MINVFUNC = osm.business_interval_avg_remove,
    MSTYPE = bigint[], MINITCOND = '{0,0}', MFINALFUNC = osm.business_interval_avg_final,
    PARALLEL = SAFE
);
COMMENT ON AGGREGATE osm.avg(osm.business_interval) IS
'Mean of pure business time; error 22023 if a value has days';
