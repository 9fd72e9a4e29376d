/*-------------------------------------------------------------------------
 * spi_plan.c
 *	  Kept SPI plans and small readers of SPI results.
 *
 * A plan is rebuilt when PostgreSQL says it is no longer valid, from the
 * same constant text, as referential integrity triggers do; a static slot
 * therefore survives DROP EXTENSION and a new CREATE EXTENSION.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#include "utils/syscache.h"

#include "osm_workflow.h"
#include "spi_plan.h"

/*
 * osm_spi_plan returns the kept plan of a slot, preparing it where needed.
 * The slot belongs to the caller, the plan to the backend.
 */
SPIPlanPtr
osm_spi_plan(SPIPlanPtr *slot, const char *sql, int nargs, const Oid *argtypes)
{
	SPIPlanPtr	plan;

	if (*slot != NULL && SPI_plan_is_valid(*slot))
		return *slot;
	if (*slot != NULL)
	{
		SPI_freeplan(*slot);
		*slot = NULL;
	}
	plan = SPI_prepare(sql, nargs, (Oid *) argtypes);
	if (plan == NULL)
		elog(ERROR, "SPI_prepare failed: %s", SPI_result_code_string(SPI_result));
	if (SPI_keepplan(plan) != 0)
		elog(ERROR, "SPI_keepplan failed");
	*slot = plan;
	return plan;
}

/*
 * osm_spi_run executes a kept plan with a fresh snapshot and checks its kind
 * (expected is an SPI_OK_… code).  It returns the number of rows; they are in
 * SPI_tuptable where the statement returns any.
 */
int
osm_spi_run(SPIPlanPtr *slot, const char *sql, int nargs, const Oid *argtypes,
			Datum *values, const char *nulls, int expected)
{
	int			code;

	code = SPI_execute_plan(osm_spi_plan(slot, sql, nargs, argtypes), values, nulls, false, 0);
	if (code != expected)
		elog(ERROR, "SPI_execute_plan returned %s", SPI_result_code_string(code));
	return (int) SPI_processed;
}

/*
 * osm_spi_look_up executes a kept SELECT under the snapshot of the running
 * statement, as functions that row security and STABLE functions call must.
 */
int
osm_spi_look_up(SPIPlanPtr *slot, const char *sql, int nargs, const Oid *argtypes,
				Datum *values, const char *nulls)
{
	int			code;

	code = SPI_execute_plan(osm_spi_plan(slot, sql, nargs, argtypes), values, nulls, true, 0);
	if (code != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_plan returned %s", SPI_result_code_string(code));
	return (int) SPI_processed;
}

/* osm_spi_text returns a column of a result row as text, NULL for null. */
char *
osm_spi_text(HeapTuple row, int column)
{
	return SPI_getvalue(row, SPI_tuptable->tupdesc, column);
}

/* osm_spi_int64 returns a bigint column, 0 for null. */
int64
osm_spi_int64(HeapTuple row, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(row, SPI_tuptable->tupdesc, column, &isnull);

	return isnull ? 0 : DatumGetInt64(value);
}

/* osm_spi_bool returns a boolean column, false for null. */
bool
osm_spi_bool(HeapTuple row, int column)
{
	bool		isnull;
	Datum		value = SPI_getbinval(row, SPI_tuptable->tupdesc, column, &isnull);

	return isnull ? false : DatumGetBool(value);
}

/* osm_spi_date returns a date column, another date for null. */
DateADT
osm_spi_date(HeapTuple row, int column, DateADT otherwise)
{
	bool		isnull;
	Datum		value = SPI_getbinval(row, SPI_tuptable->tupdesc, column, &isnull);

	return isnull ? otherwise : DatumGetDateADT(value);
}

/* osm_business_interval_oid returns the OID of osm.business_interval. */
Oid
osm_business_interval_oid(void)
{
	Oid			namespace_id = get_namespace_oid("osm", false);
	Oid			oid = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
									  CStringGetDatum("business_interval"),
									  ObjectIdGetDatum(namespace_id));

	if (!OidIsValid(oid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("type osm.business_interval does not exist")));
	return oid;
}
