-- Bad text is reported softly where the server asks for it: no error leaves the statement.
SET search_path = public, osm;
\pset format unaligned
\pset footer off
SELECT t AS "input", pg_input_is_valid(t, 'business_interval') AS valid, e.*
FROM (VALUES (1, '9 business hours'), (2, '2 рабочих дня'), (3, ''), (4, '9 parsecs'),
    (5, '1 week'), (6, '1 hour 2 hours'), (7, '1.5 business days'), (8, '99999999999 hours'),
    (9, '3000000000 business days'), (10, '9 рабочих попугаев')) AS v (n, t),
    pg_input_error_info(t, 'business_interval') AS e
ORDER BY n;
SELECT pg_input_is_valid('{9h,"2 bd"}', 'business_interval[]') AS good,
    pg_input_is_valid('{9h,soon}', 'business_interval[]') AS bad;
