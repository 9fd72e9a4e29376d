-- The peers' work as one JSON document.
SELECT json_build_object(
    'hours', (SELECT json_object_agg(h, osm.calendar_document('bench-' || h) -> 'hours')
              FROM unnest(ARRAY['plain', 'lunch']) AS h),
    'closed', (SELECT json_agg(day ORDER BY day)
               FROM jsonb_object_keys(osm.calendar_document('bench-plain') -> 'days') AS day),
    'inputs', (SELECT json_agg(json_build_array(id, extract(epoch FROM ts)::bigint,
                   extract(epoch FROM later)::bigint) ORDER BY id) FROM bench_input));
