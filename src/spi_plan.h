/*-------------------------------------------------------------------------
 * spi_plan.h
 *	  Kept SPI plans: one static slot a statement, text fixed at compile
 *	  time, values only as parameters.
 *-------------------------------------------------------------------------
 */
#ifndef OSM_SPI_PLAN_H
#define OSM_SPI_PLAN_H

#include "executor/spi.h"
#include "utils/date.h"

extern SPIPlanPtr osm_spi_plan(SPIPlanPtr *slot, const char *sql, int nargs, const Oid *argtypes);
extern int	osm_spi_run(SPIPlanPtr *slot, const char *sql, int nargs, const Oid *argtypes,
						Datum *values, const char *nulls, int expected);
extern int	osm_spi_look_up(SPIPlanPtr *slot, const char *sql, int nargs, const Oid *argtypes,
							Datum *values, const char *nulls);
extern char *osm_spi_text(HeapTuple row, int column);
extern int64 osm_spi_int64(HeapTuple row, int column);
extern bool osm_spi_bool(HeapTuple row, int column);
extern DateADT osm_spi_date(HeapTuple row, int column, DateADT otherwise);
extern Oid	osm_business_interval_oid(void);

#endif							/* OSM_SPI_PLAN_H */
