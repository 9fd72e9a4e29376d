-- The whole statement as its client sees it, in a backend that has done nothing else yet.
SELECT clock_timestamp() AS started \gset
SELECT osm.add_business_time('2026-03-02 10:00+07', '9h', 'bench-body') AS due \gset
SELECT extract(epoch FROM clock_timestamp() - :'started') * 1000 AS ms \gset
INSERT INTO bench_sample VALUES (4, :run, :ms);
