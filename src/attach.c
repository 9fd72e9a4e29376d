/*-------------------------------------------------------------------------
 * attach.c
 *	  The trigger of attached tables: shows a row to osm.judge_attached().
 *
 * It runs with the rights of the owner of the tables, on a table somebody else
 * owns.  The hazard is that owner's types: to_jsonb() would call casts they
 * define, as us.  So a row is turned into jsonb here, by output functions
 * only, which nobody but a superuser can write.
 *
 * Columns are looked up by name at every row: no cache can be out of date.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/partition.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/datetime.h"
#include "utils/json.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/numeric.h"
#include "utils/rel.h"

#include "osm_workflow.h"
#include "spi_plan.h"

PG_FUNCTION_INFO_V1(osm_guard_attached);

static void
push_text(JsonbParseState **state, JsonbIteratorToken token, char *text)
{
	JsonbValue	value;

	value.type = jbvString;
	value.val.string.val = text;
	value.val.string.len = strlen(text);
	pushJsonbValue(state, token, &value);
}

static char *
output_text(Oid type, Datum datum)
{
	Oid			output;
	bool		varlena;

	getTypeOutputInfo(type, &output, &varlena);
	return OidOutputFunctionCall(output, datum);
}

/* push_array pushes the elements of an array, of any number of dimensions, as texts. */
static void
push_array(JsonbParseState **state, Oid element, Datum datum)
{
	ArrayType  *array = DatumGetArrayTypeP(datum);
	int16		length;
	bool		by_value;
	char		align;
	Datum	   *items;
	bool	   *nulls;
	int			n;

	get_typlenbyvalalign(element, &length, &by_value, &align);
	deconstruct_array(array, element, length, by_value, align, &items, &nulls, &n);
	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	for (int i = 0; i < n; i++)
	{
		if (!nulls[i])
			push_text(state, WJB_ELEM, output_text(element, items[i]));
	}
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

/* push_column pushes one value: what JSON knows as it is, instants in ISO 8601, else text. */
static void
push_column(JsonbParseState **state, Oid type, Datum datum)
{
	Oid			base = getBaseType(type);
	JsonbValue	value;
	char		buffer[MAXDATELEN + 1];

	switch (base)
	{
		case BOOLOID:
			value.type = jbvBool;
			value.val.boolean = DatumGetBool(datum);
			pushJsonbValue(state, WJB_VALUE, &value);
			return;
		case INT2OID:
		case INT4OID:
		case INT8OID:
			value.type = jbvNumeric;
			value.val.numeric = DatumGetNumeric(DirectFunctionCall3(
				numeric_in, CStringGetDatum(output_text(base, datum)), ObjectIdGetDatum(InvalidOid),
				Int32GetDatum(-1)));
			pushJsonbValue(state, WJB_VALUE, &value);
			return;
		case JSONOID:
		case JSONBOID:
			JsonbToJsonbValue(base == JSONBOID ? DatumGetJsonbP(datum) :
							  DatumGetJsonbP(DirectFunctionCall1(
								  jsonb_in, CStringGetDatum(output_text(base, datum)))),
							  &value);
			pushJsonbValue(state, WJB_VALUE, &value);
			return;
		case DATEOID:
		case TIMESTAMPOID:
		case TIMESTAMPTZOID:
			JsonEncodeDateTime(buffer, datum, base, NULL);
			push_text(state, WJB_VALUE, pstrdup(buffer));
			return;
		default:
			if (OidIsValid(get_element_type(base)))
				push_array(state, get_element_type(base), datum);
			else
				push_text(state, WJB_VALUE, output_text(base, datum));
	}
}

/* row_as_jsonb turns a row into an object of its columns. */
static Datum
row_as_jsonb(HeapTuple row, TupleDesc desc)
{
	JsonbParseState *state = NULL;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < desc->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(desc, i);
		bool		isnull;
		Datum		datum;

		if (column->attisdropped)
			continue;
		datum = heap_getattr(row, i + 1, desc, &isnull);
		push_text(&state, WJB_KEY, NameStr(column->attname));
		if (isnull)
		{
			JsonbValue	value;

			value.type = jbvNull;
			pushJsonbValue(&state, WJB_VALUE, &value);
		}
		else
			push_column(&state, column->atttypid, datum);
	}
	return JsonbPGetDatum(JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL)));
}

/* attached_table returns the table that was attached: of a partition, the topmost parent. */
static Oid
attached_table(Relation relation)
{
	Oid			root = RelationGetRelid(relation);

	if (relation->rd_rel->relispartition)
		root = llast_oid(get_partition_ancestors(root));
	return root;
}

/*
 * is_superseded tells whether a row was written again since, by a trigger that
 * fired before this one: what this one sees is not what is stored.
 */
static bool
is_superseded(HeapTuple row)
{
	HeapTupleHeader header = row->t_data;

	return (header->t_infomask & HEAP_XMAX_INVALID) == 0 &&
		!HEAP_XMAX_IS_LOCKED_ONLY(header->t_infomask) &&
		TransactionIdIsCurrentTransactionId(HeapTupleHeaderGetUpdateXid(header));
}

/*
 * osm.guard_attached(): AFTER INSERT OR UPDATE FOR EACH ROW, BEFORE DELETE FOR
 * EACH ROW and BEFORE TRUNCATE on an attached table.  A row is judged after it
 * was stored, so that no other trigger changes what was judged.
 */
Datum
osm_guard_attached(PG_FUNCTION_ARGS)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {REGCLASSOID, JSONBOID, JSONBOID};
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	OsmOwnerRights rights;
	TupleDesc	desc;
	bool		deletes;
	Datum		values[3];
	char		nulls[4] = "   ";

	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by trigger manager",
						"osm.guard_attached")));
	if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
		ereport(ERROR,
				(errcode(ERRCODE_OSM_APPEND_ONLY),
				 errmsg("table \"%s\" is held to an act: TRUNCATE is refused",
						RelationGetRelationName(trigger->tg_relation)),
				 errhint("Detach it first with osm.detach_workflow().")));
	deletes = TRIGGER_FIRED_BY_DELETE(trigger->tg_event);
	if (!TRIGGER_FIRED_FOR_ROW(trigger->tg_event) ||
		(deletes ? !TRIGGER_FIRED_BEFORE(trigger->tg_event)
				 : !TRIGGER_FIRED_AFTER(trigger->tg_event)))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" must be fired %s each row", "osm.guard_attached",
						deletes ? "before" : "after")));

	desc = RelationGetDescr(trigger->tg_relation);
	values[0] = ObjectIdGetDatum(attached_table(trigger->tg_relation));
	if (TRIGGER_FIRED_BY_INSERT(trigger->tg_event))
	{
		nulls[1] = 'n';
		values[2] = row_as_jsonb(trigger->tg_trigtuple, desc);
	}
	else
	{
		values[1] = row_as_jsonb(trigger->tg_trigtuple, desc);
		if (deletes)
			nulls[2] = 'n';
		else
			values[2] = row_as_jsonb(trigger->tg_newtuple, desc);
	}

	if (!deletes && is_superseded(trigger->tg_newtuple != NULL ? trigger->tg_newtuple :
								  trigger->tg_trigtuple))
		ereport(ERROR,
				(errcode(ERRCODE_OSM_STEP_NOT_ALLOWED),
				 errmsg("another trigger changed a row of table \"%s\" before the act saw it",
						RelationGetRelationName(trigger->tg_relation)),
				 errhint("Triggers that write the row again must come later by name.")));

	osm_become_owner(&rights);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	(void) osm_spi_run(&plan, "SELECT osm.judge_attached($1, $2, $3)", 3, types, values, nulls,
					   SPI_OK_SELECT);
	SPI_finish();
	osm_become_user(&rights);
	return PointerGetDatum(deletes ? trigger->tg_trigtuple : NULL);
}
