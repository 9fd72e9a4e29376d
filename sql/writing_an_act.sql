-- The statements of docs/writing-an-act.md run as they stand, and both languages have the same.
\set SHOW_CONTEXT never
\pset format unaligned
\set ECHO none
\set folder `mktemp -d`
\setenv OSM_FOLDER :folder
\! sed -n '/^```sql/,/^```/{/^```/d;p;}' docs/writing-an-act.md > "$OSM_FOLDER/page"
\! sed -n '/^```sql/,/^```/{/^```/d;p;}' docs/writing-an-act.ru.md | cmp - "$OSM_FOLDER/page"
\cd :folder
SET client_min_messages = error;
\set ECHO queries
\i page
\set ECHO none
\cd /
\! rm -r "$OSM_FOLDER"
