-- The functions that write these tables for others run with the rights of their owner, no more.
PERFORM osm.own_functions();
IF (SELECT r.rolsuper FROM pg_catalog.pg_roles AS r
    WHERE r.rolname OPERATOR(pg_catalog.=) CURRENT_USER) THEN
    RAISE NOTICE 'the tables of osm_workflow belong to superuser "%"', CURRENT_USER
        USING HINT = 'Where others will administer them, let an ordinary role that owns schema osm '
            'call osm.install().';
END IF;
