-- The arithmetic of the rating, apart from where its figures come from (see views.sql for that).
-- The parts are: timeliness, speed, quality, no repeats, interims kept.

-- Worked by hand: R = 5 (0.40 T + 0.20 S + 0.20 Q + 0.10 N + 0.10 I) / sum of the weights used
--   1: T 111/120, u 0.62 so S 0.88, Q 96/120, N 1 - 9/120, I 14/16
--      5 (0.37 + 0.176 + 0.16 + 0.0925 + 0.0875) = 4.43
--   2: the same without interims: 5 · 0.7985 / 0.9 = 4.4361…
--   3: T .70, u .95 so S .55, Q .65, N .85, I .60: 5 (0.28 + 0.11 + 0.13 + 0.085 + 0.06) = 3.325
--   4: T .45, u 1.3 so S .2, Q .50, N .70, I .25:  5 (0.18 + 0.04 + 0.10 + 0.07 + 0.025) = 2.075
SELECT n, round(score, 3) AS score, round(score, 1) AS rounded
FROM (VALUES
        (1, ARRAY[osm.rating_share(111, 120), osm.rating_speed(0.62), osm.rating_share(96, 120),
            osm.rating_share(120 - 9, 120), osm.rating_share(14, 16)]),
        (2, ARRAY[osm.rating_share(111, 120), osm.rating_speed(0.62), osm.rating_share(96, 120),
            osm.rating_share(120 - 9, 120), osm.rating_share(0, 0)]),
        (3, ARRAY[0.70, osm.rating_speed(0.95), 0.65, 0.85, 0.60]),
        (4, ARRAY[0.45, osm.rating_speed(1.3), 0.50, 0.70, 0.25])) AS v(n, parts),
    LATERAL osm.rating_score(v.parts, ARRAY[0.40, 0.20, 0.20, 0.10, 0.10]) AS score
ORDER BY n;

-- Parts of which no digit is the last: T 5/6, S 211/300. Exactly 5 (2 · 5/6 + 211/300) / 3 = 3.95,
-- which is green; with the digits a plain division keeps it would be 3.9 and yellow.
SELECT score = 3.95 AS exact, round(score, 1) AS rounded
FROM osm.rating_score(
    ARRAY[osm.rating_share(5, 6), osm.rating_share(211, 300)], ARRAY[0.40, 0.20]) AS score;

-- Half goes up: 2.95 to 3.0, 3.949 to 3.9.
SELECT round(osm.rating_score(ARRAY[0.59], ARRAY[1]), 1) AS yellow,
    round(osm.rating_score(ARRAY[0.7898], ARRAY[1]), 1) AS still_yellow;

-- Speed is 1 up to half of the term and 0 from one and a half on.
SELECT u, osm.rating_speed(u) AS speed
FROM unnest(ARRAY[0, 0.5, 0.500001, 1, 1.5, 7, NULL]::numeric[]) AS u;

-- What is undefined drops out with its weight; nothing defined is no score; a weight of 0 is none.
SELECT osm.rating_score(ARRAY[0.8, NULL, 0.2], ARRAY[0.5, 0.3, 0.5]) = 2.5 AS dropped,
    osm.rating_score(ARRAY[NULL, NULL]::numeric[], ARRAY[0.5, 0.5]) IS NULL AS no_part,
    osm.rating_score(ARRAY[0.8], ARRAY[0.0]) IS NULL AS no_weight,
    osm.rating_score(ARRAY[0.8, 0], ARRAY[1, 0.0]) = 4 AS weightless;
SELECT osm.rating_share(0, 0) IS NULL AS nothing_due, osm.rating_share(0, 3) = 0 AS none_of_three,
    osm.rating_share(NULL, 3) IS NULL AS unknown;
