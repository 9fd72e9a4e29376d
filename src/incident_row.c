/*-------------------------------------------------------------------------
 * incident_row.c
 *	  Columns of osm.incident by name, whatever their place.
 *
 * A DBA may add columns to the table, and a restored or sharded copy may have
 * them in another order, so a column is always found by its name.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datum.h"

#include "osm_workflow.h"
#include "step.h"

static const char *const incident_column_names[INCIDENT_COLUMNS] = {
	"id", "authority_id", "regulation", "regulation_id", "state", "kind", "channel",
	"url", "external_id", "author", "text", "published_at", "detected_at", "topic",
	"place", "importance", "repeat_of", "part_of", "several_bodies", "body_id",
	"bodies", "seen_by", "reply_id", "reply_kind", "overdue_since", "answered_at",
	"finished_at", "action", "details", "occurred_at", "actor_id", "acting_for_id",
	"event_seq", "salt"
};

/*
 * map_columns fills attnums with the attribute number of each column.  The last
 * answer is kept and checked by name, so that a changed table is noticed.
 */
static const AttrNumber *
map_columns(TupleDesc desc)
{
	static AttrNumber attnums[INCIDENT_COLUMNS];

	for (int c = 0; c < INCIDENT_COLUMNS; c++)
	{
		AttrNumber	known = attnums[c];

		if (known > 0 && known <= desc->natts)
		{
			Form_pg_attribute attribute = TupleDescAttr(desc, known - 1);

			if (!attribute->attisdropped &&
				strcmp(NameStr(attribute->attname), incident_column_names[c]) == 0)
				continue;
		}
		attnums[c] = 0;
		for (int i = 0; i < desc->natts; i++)
		{
			Form_pg_attribute attribute = TupleDescAttr(desc, i);

			if (!attribute->attisdropped &&
				strcmp(NameStr(attribute->attname), incident_column_names[c]) == 0)
			{
				attnums[c] = i + 1;
				break;
			}
		}
		if (attnums[c] == 0)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_COLUMN),
					 errmsg("column \"%s\" of table \"osm.incident\" does not exist",
							incident_column_names[c]),
					 errhint("The table was changed; run osm.upgrade() or restore the column.")));
	}
	return attnums;
}

/* osm_incident_deform reads a row; values point into the tuple. */
void
osm_incident_deform(HeapTuple tuple, TupleDesc desc, IncidentRow *row)
{
	const AttrNumber *attnums = map_columns(desc);
	Datum	   *values = palloc(sizeof(Datum) * desc->natts);
	bool	   *nulls = palloc(sizeof(bool) * desc->natts);

	heap_deform_tuple(tuple, desc, values, nulls);
	for (int c = 0; c < INCIDENT_COLUMNS; c++)
	{
		row->values[c] = values[attnums[c] - 1];
		row->nulls[c] = nulls[attnums[c] - 1];
	}
}

/* osm_incident_form returns the tuple with its columns replaced by the row's. */
HeapTuple
osm_incident_form(HeapTuple tuple, TupleDesc desc, const IncidentRow *row)
{
	const AttrNumber *attnums = map_columns(desc);
	int			columns[INCIDENT_COLUMNS];

	for (int c = 0; c < INCIDENT_COLUMNS; c++)
		columns[c] = attnums[c];
	return heap_modify_tuple_by_cols(tuple, desc, INCIDENT_COLUMNS, columns,
									 (Datum *) row->values, (bool *) row->nulls);
}

/*
 * osm_incident_difference_but returns the name of a column other than one in which
 * two rows differ, NULL where they agree; columns a DBA has added count too.
 */
const char *
osm_incident_difference_but(HeapTuple a, HeapTuple b, TupleDesc desc, IncidentColumn except)
{
	AttrNumber	skip = except == INCIDENT_COLUMNS ? 0 : map_columns(desc)[except];
	Datum	   *values = palloc(sizeof(Datum) * desc->natts * 2);
	bool	   *nulls = palloc(sizeof(bool) * desc->natts * 2);
	Datum	   *values_b = values + desc->natts;
	bool	   *nulls_b = nulls + desc->natts;
	const char *difference = NULL;

	heap_deform_tuple(a, desc, values, nulls);
	heap_deform_tuple(b, desc, values_b, nulls_b);
	for (int i = 0; i < desc->natts && difference == NULL; i++)
	{
		Form_pg_attribute attribute = TupleDescAttr(desc, i);

		if (attribute->attisdropped || attribute->attgenerated || i + 1 == skip)
			continue;
		if (nulls[i] != nulls_b[i] ||
			(!nulls[i] &&
			 !datum_image_eq(values[i], values_b[i], attribute->attbyval, attribute->attlen)))
			difference = pstrdup(NameStr(attribute->attname));
	}
	pfree(values);
	pfree(nulls);
	return difference;
}

/* osm_incident_difference is the same for all columns. */
const char *
osm_incident_difference(HeapTuple a, HeapTuple b, TupleDesc desc)
{
	return osm_incident_difference_but(a, b, desc, INCIDENT_COLUMNS);
}

const char *
osm_incident_column_name(IncidentColumn column)
{
	return incident_column_names[column];
}

/* osm_row_text returns a text column as a C string, NULL for null. */
char *
osm_row_text(const IncidentRow *row, IncidentColumn column)
{
	return row->nulls[column] ? NULL : TextDatumGetCString(row->values[column]);
}

/* osm_row_int64 returns a bigint column, 0 for null. */
int64
osm_row_int64(const IncidentRow *row, IncidentColumn column)
{
	return row->nulls[column] ? 0 : DatumGetInt64(row->values[column]);
}

/* osm_row_set_text sets a text column; NULL sets null. */
void
osm_row_set_text(IncidentRow *row, IncidentColumn column, const char *text)
{
	row->nulls[column] = (text == NULL);
	row->values[column] = text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

void
osm_row_set(IncidentRow *row, IncidentColumn column, Datum value)
{
	row->nulls[column] = false;
	row->values[column] = value;
}

/* osm_row_int64_array returns the length of a bigint[] column and its items. */
int
osm_row_int64_array(const IncidentRow *row, IncidentColumn column, int64 **items)
{
	Datum	   *elements;
	bool	   *nulls;
	int			n;

	*items = NULL;
	if (row->nulls[column])
		return 0;
	deconstruct_array(DatumGetArrayTypeP(row->values[column]), INT8OID, sizeof(int64),
					  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE, &elements, &nulls, &n);
	*items = palloc(sizeof(int64) * Max(n, 1));
	for (int i = 0; i < n; i++)
		(*items)[i] = DatumGetInt64(elements[i]);
	return n;
}

/* osm_int64_array makes a bigint[]. */
Datum
osm_int64_array(int n, const int64 *items)
{
	Datum	   *elements = palloc(sizeof(Datum) * Max(n, 1));

	for (int i = 0; i < n; i++)
		elements[i] = Int64GetDatum(items[i]);
	return PointerGetDatum(construct_array(elements, n, INT8OID, sizeof(int64),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}
