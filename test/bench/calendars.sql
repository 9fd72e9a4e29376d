-- The calendar of the benchmark: ru, and three overlays on it.
SELECT osm.define_calendar('ru', osm.preset('ru'));
SELECT osm.define_calendar('bench-region', '{"parent": "ru", "time_zone": "Asia/Barnaul",
    "every_year": {"04-21": "closed"}}');
SELECT osm.define_calendar('bench-city', '{"parent": "bench-region",
    "days": {"2026-09-12": "working", "2026-09-14": "closed"}}');
SELECT osm.define_calendar('bench-body', '{"parent": "bench-city", "hours": {
    "1": ["09:00-13:00", "13:45-18:00"], "2": ["09:00-13:00", "13:45-18:00"],
    "3": ["09:00-13:00", "13:45-18:00"], "4": ["09:00-13:00", "13:45-18:00"],
    "5": ["09:00-13:00", "13:45-16:45"]}}');
ANALYZE;
