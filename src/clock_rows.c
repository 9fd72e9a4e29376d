/*-------------------------------------------------------------------------
 * clock_rows.c
 *	  Rows of osm.clock: read once a step, written back where they changed.
 *
 * The caller holds the incident's row lock, which every writer of its clocks
 * takes first, so what was read is still so when it is written.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/builtins.h"
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

#include "clock.h"
#include "osm_worker.h"
#include "osm_workflow.h"
#include "spi_plan.h"

const char *const osm_clock_state_names[] = {"running", "paused", "met", "missed", "cancelled"};

/* osm_clock_note adds what happened to a clock to the event. */
void
osm_clock_note(Step *step, const Clock *clock, const char *change, const char *verdict,
	 const TimestampTz *old_due)
{
	JsonbParseState **notes = &step->clock_notes;

	if (*notes == NULL)
		pushJsonbValue(notes, WJB_BEGIN_ARRAY, NULL);
	pushJsonbValue(notes, WJB_BEGIN_OBJECT, NULL);
	osm_push_number(notes, "clock", clock->id);
	osm_push_text(notes, "rule", clock->rule->name);
	osm_push_text(notes, "change", change);
	osm_push_text(notes, "due_at", pstrdup(osm_instant_iso(clock->due_at)));
	if (old_due != NULL)
		osm_push_text(notes, "old_due_at", pstrdup(osm_instant_iso(*old_due)));
	if (verdict != NULL)
		osm_push_text(notes, "verdict", verdict);
	pushJsonbValue(notes, WJB_END_OBJECT, NULL);
}

Clock *
osm_clock_add(Clocks *clocks)
{
	if (clocks->n == clocks->allocated)
	{
		clocks->allocated = Max(8, clocks->allocated * 2);
		clocks->items = clocks->items == NULL ?
			palloc(sizeof(Clock) * clocks->allocated) :
			repalloc(clocks->items, sizeof(Clock) * clocks->allocated);
	}
	memset(&clocks->items[clocks->n], 0, sizeof(Clock));
	return &clocks->items[clocks->n++];
}

static int
compare_clocks(const void *a, const void *b)
{
	int64		x = ((const Clock *) a)->id;
	int64		y = ((const Clock *) b)->id;

	return (x > y) - (x < y);
}

/* columns of the query in osm_clocks_load */
enum
{
	ROW_ID, ROW_RULE_ID, ROW_ASSIGNMENT_ID, ROW_REPLY_ID, ROW_STATE, ROW_FLAGGED_AT, ROW_BINDING,
	ROW_DUE_AT, ROW_STARTED_AT, ROW_RESUMED_AT, ROW_PAUSED_AT, ROW_USED, ROW_TERM,
	ROW_PROVISIONAL, ROW_BODY_ID, ROW_OFFICIAL_ID, ROW_CALENDAR, ROW_DUE_CAUSE,
	ROW_COLUMNS
};

/*
 * osm_clocks_load reads clocks of the incident in the order of their starts: the
 * open ones, or all.
 */
void
osm_clocks_load(Clocks *clocks, bool all)
{
	static SPIPlanPtr open_plan = NULL;
	static SPIPlanPtr all_plan = NULL;
	static const Oid types[] = {INT8OID, INT8OID};
	Step	   *step = clocks->step;
	Datum		values[2];
	int			n;

	if (step->from == NULL)
		return;
	values[0] = Int64GetDatum(step->incident_id);
	values[1] = Int64GetDatum(step->authority_id);
#define CLOCKS_OF_INCIDENT \
	"SELECT id, rule_id, assignment_id, reply_id, state, flagged_at, binding, due_at, started_at, " \
	"resumed_at, paused_at, used, term, provisional, body_id, official_id, calendar, due_cause " \
	"FROM osm.clock WHERE incident_id OPERATOR(pg_catalog.=) $1 " \
	"AND authority_id OPERATOR(pg_catalog.=) $2"
	if (all)
		n = osm_spi_run(&all_plan, CLOCKS_OF_INCIDENT, 2, types, values, NULL, SPI_OK_SELECT);
	else
		n = osm_spi_run(&open_plan,
						CLOCKS_OF_INCIDENT
						" AND state OPERATOR(pg_catalog.=) ANY ('{running,paused}')",
						2, types, values, NULL, SPI_OK_SELECT);
#undef CLOCKS_OF_INCIDENT
	MemoryContextSwitchTo(step->context);
	for (int i = 0; i < n; i++)
	{
		Datum		row[ROW_COLUMNS];
		bool		nulls[ROW_COLUMNS];
		ActClockRule *rule;
		Clock	   *clock;
		text	   *state;

		heap_deform_tuple(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, row, nulls);
		rule = osm_act_clock(step->act, DatumGetInt64(row[ROW_RULE_ID]));
		if (rule == NULL)
			continue;
		clock = osm_clock_add(clocks);
		clock->id = DatumGetInt64(row[ROW_ID]);
		clock->rule = rule;
		clock->assignment_id = nulls[ROW_ASSIGNMENT_ID] ? 0 : DatumGetInt64(row[ROW_ASSIGNMENT_ID]);
		clock->reply_id = nulls[ROW_REPLY_ID] ? 0 : DatumGetInt64(row[ROW_REPLY_ID]);
		state = DatumGetTextPP(row[ROW_STATE]);
		for (int s = 0; s < (int) lengthof(osm_clock_state_names); s++)
		{
			if (strlen(osm_clock_state_names[s]) == VARSIZE_ANY_EXHDR(state) &&
				memcmp(VARDATA_ANY(state), osm_clock_state_names[s],
					   VARSIZE_ANY_EXHDR(state)) == 0)
				clock->state = (ClockState) s;
		}
		clock->flagged = !nulls[ROW_FLAGGED_AT];
		clock->flagged_at = clock->flagged ? DatumGetTimestampTz(row[ROW_FLAGGED_AT]) :
			DT_NOBEGIN;
		clock->binding = DatumGetBool(row[ROW_BINDING]);
		clock->due_at = DatumGetTimestampTz(row[ROW_DUE_AT]);
		clock->body_id = nulls[ROW_BODY_ID] ? 0 : DatumGetInt64(row[ROW_BODY_ID]);
		if (!clock_is_open(clock))
			continue;
		clock->started_at = DatumGetTimestampTz(row[ROW_STARTED_AT]);
		clock->resumed_at = DatumGetTimestampTz(row[ROW_RESUMED_AT]);
		clock->paused_at = nulls[ROW_PAUSED_AT] ? 0 : DatumGetTimestampTz(row[ROW_PAUSED_AT]);
		clock->used = *DatumGetBusinessIntervalP(row[ROW_USED]);
		clock->has_term = !nulls[ROW_TERM];
		if (clock->has_term)
			clock->term = *DatumGetBusinessIntervalP(row[ROW_TERM]);
		clock->provisional = DatumGetBool(row[ROW_PROVISIONAL]);
		clock->official_id = nulls[ROW_OFFICIAL_ID] ? 0 : DatumGetInt64(row[ROW_OFFICIAL_ID]);
		clock->calendar = TextDatumGetCString(row[ROW_CALENDAR]);
		clock->due_cause = nulls[ROW_DUE_CAUSE] ? NULL : TextDatumGetCString(row[ROW_DUE_CAUSE]);
	}
	if (clocks->n > 1)
		qsort(clocks->items, clocks->n, sizeof(Clock), compare_clocks);
}

/*
 * osm_clock_write_segment records a finished stretch of a clock, with the body that
 * had the incident.  A stretch that changed hands meanwhile is in parts: this one
 * begins where the last ended.
 */
void
osm_clock_write_segment(Step *step, const Clock *clock, TimestampTz from, TimestampTz until,
						const char *kind)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {
		INT8OID, INT8OID, TIMESTAMPTZOID, TIMESTAMPTZOID, TEXTOID, INT8OID, INT8OID, INT4OID
	};
	Datum		values[8];
	char		nulls[9] = "        ";

	if (until <= from || clock->id == 0 || step->replayed)
		return;
	values[0] = Int64GetDatum(clock->id);
	values[1] = Int64GetDatum(step->authority_id);
	values[2] = TimestampTzGetDatum(from);
	values[3] = TimestampTzGetDatum(until);
	values[4] = CStringGetTextDatum(kind);
	values[5] = step->before.values[COL_BODY_ID];
	nulls[5] = step->before.nulls[COL_BODY_ID] ? 'n' : ' ';
	values[6] = Int64GetDatum(step->incident_id);
	values[7] = Int32GetDatum(step->seq);
	(void) osm_spi_run(
		&plan,
		"INSERT INTO osm.clock_segment (clock_id, authority_id, seq, span, kind, body_id, incident_id) "
		"SELECT $1, $2, $8, pg_catalog.tstzrange(s.start, $4), $5, $6, $7 "
		"FROM (SELECT GREATEST($3, (SELECT pg_catalog.upper(e.span) FROM osm.clock_segment AS e "
		"  WHERE e.clock_id OPERATOR(pg_catalog.=) $1 AND e.authority_id OPERATOR(pg_catalog.=) $2 "
		"  ORDER BY e.seq DESC LIMIT 1)) AS start OFFSET 0) AS s "
		"WHERE s.start OPERATOR(pg_catalog.<) $4",
		8, types, values, nulls, SPI_OK_INSERT);
	MemoryContextSwitchTo(step->context);
}

/* next_warning sets the next instant a warning is due; false for none. */
static bool
next_warning(const Clock *clock, TimestampTz now, TimestampTz *warn_at)
{
	bool		found = false;

	if (clock->state != CLOCK_RUNNING)
		return false;
	for (int i = 0; i < clock->rule->nwarnings; i++)
	{
		bool		provisional;
		TimestampTz t = osm_calendar_subtract(osm_calendar_get(clock->calendar), clock->due_at,
											  &clock->rule->warn_before[i], &provisional);

		if (t > now && (!found || t < *warn_at))
		{
			*warn_at = t;
			found = true;
		}
	}
	return found;
}

/*
 * write_overdue dates the incident's lateness by the earliest outer term that
 * was missed or is flagged.
 */
static void
write_overdue(Clocks *clocks)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {INT8OID, INT8OID, TIMESTAMPTZOID};
	const IncidentRow *row = &clocks->step->after;
	Datum		values[3];
	char		nulls[4] = "   ";
	TimestampTz since = 0;
	bool		overdue = false;

	for (int i = 0; i < clocks->n; i++)
	{
		const Clock *clock = &clocks->items[i];

		if (clock->flagged && clock->state != CLOCK_CANCELLED && clock->rule->outer_term &&
			clock->binding && (!overdue || clock->due_at < since))
		{
			overdue = true;
			since = clock->due_at;
		}
	}
	if (overdue == !row->nulls[COL_OVERDUE_SINCE] &&
		(!overdue || since == DatumGetTimestampTz(row->values[COL_OVERDUE_SINCE])))
		return;
	values[0] = Int64GetDatum(clocks->step->incident_id);
	values[1] = Int64GetDatum(clocks->step->authority_id);
	values[2] = TimestampTzGetDatum(since);
	nulls[2] = overdue ? ' ' : 'n';
	osm_engine_begin(NULL, NULL);
	(void) osm_spi_run(
		&plan,
		"UPDATE osm.incident SET overdue_since = $3 "
		"WHERE id OPERATOR(pg_catalog.=) $1 AND authority_id OPERATOR(pg_catalog.=) $2",
		3, types, values, nulls, SPI_OK_UPDATE);
	osm_engine_end();
	MemoryContextSwitchTo(clocks->step->context);
}

/*
 * osm_clocks_write writes back the clocks a step changed, wakes the worker for what
 * is due sooner, and dates the incident's lateness.  SPI is connected.
 */
void
osm_clocks_write(Clocks *clocks)
{
	static SPIPlanPtr insert_plan = NULL;
	static SPIPlanPtr update_plan = NULL;
	Step	   *step = clocks->step;
	Oid			interval = InvalidOid;

	for (int i = 0; i < clocks->n; i++)
	{
		Clock	   *clock = &clocks->items[i];
		bool		ended = !clock_is_open(clock);
		TimestampTz warn_at = 0;
		bool		warns;
		Datum		values[20];
		char		nulls[21] = "                    ";

		if (!clock->dirty)
			continue;
		if (!OidIsValid(interval))
			interval = osm_business_interval_oid();
		warns = next_warning(clock, step->recorded_at, &warn_at);
		if (clock->id == 0)
		{
			const Oid types[] = { INT8OID,  INT8OID, INT8OID,        INT8OID,        INT8OID,
								  TEXTOID,  interval, TIMESTAMPTZOID, TIMESTAMPTZOID, interval,
								  BOOLOID,  BOOLOID, BOOLOID,        BOOLOID,        INT8OID,
								  INT4OID,  TIMESTAMPTZOID, BOOLOID, TEXTOID,        INT8OID };

			values[0] = Int64GetDatum(step->authority_id);
			values[1] = Int64GetDatum(step->incident_id);
			values[2] = Int64GetDatum(clock->rule->id);
			values[3] = Int64GetDatum(clock->assignment_id);
			nulls[3] = clock->assignment_id ? ' ' : 'n';
			values[4] = Int64GetDatum(clock->reply_id);
			nulls[4] = clock->reply_id ? ' ' : 'n';
			values[5] = CStringGetTextDatum(clock->calendar);
			values[6] = PointerGetDatum(&clock->term);
			nulls[6] = clock->has_term ? ' ' : 'n';
			values[7] = TimestampTzGetDatum(clock->started_at);
			values[8] = TimestampTzGetDatum(clock->due_at);
			values[9] = PointerGetDatum(&clock->used);
			values[10] = BoolGetDatum(clock->rule->armed && clock->rule->on_due == NULL);
			values[11] = BoolGetDatum(clock->binding);
			values[12] = BoolGetDatum(clock->rule->outer_term);
			values[13] = BoolGetDatum(clock->provisional);
			values[14] = Int64GetDatum(clock->body_id);
			nulls[14] = clock->body_id ? ' ' : 'n';
			values[15] = Int32GetDatum(step->seq);
			values[16] = TimestampTzGetDatum(warn_at);
			nulls[16] = warns ? ' ' : 'n';
			values[17] = BoolGetDatum(clock->rule->on_due != NULL);
			values[18] = clock->due_cause ? CStringGetTextDatum(clock->due_cause) : (Datum) 0;
			nulls[18] = clock->due_cause ? ' ' : 'n';
			values[19] = Int64GetDatum(clock->official_id);
			nulls[19] = clock->official_id ? ' ' : 'n';
			(void) osm_spi_run(
				&insert_plan,
				"INSERT INTO osm.clock (authority_id, incident_id, rule_id, assignment_id, reply_id, "
				"cycle_no, calendar, term, started_at, resumed_at, due_at, used, armed, binding, "
				"outer_term, provisional, body_id, started_seq, warn_at, on_due, due_cause, "
				"official_id) "
				"VALUES ($1, $2, $3, $4, $5, COALESCE((SELECT c.cycle_no FROM osm.clock AS c "
				"  WHERE c.incident_id OPERATOR(pg_catalog.=) $2 "
				"    AND c.rule_id OPERATOR(pg_catalog.=) $3 "
				"    AND COALESCE(c.assignment_id, 0) OPERATOR(pg_catalog.=) COALESCE($4, 0) "
				"    AND c.authority_id OPERATOR(pg_catalog.=) $1 "
				"  ORDER BY c.cycle_no DESC LIMIT 1), 0) OPERATOR(pg_catalog.+) 1, "
				"$6, $7, $8, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20) "
				"RETURNING id",
				20, types, values, nulls, SPI_OK_INSERT_RETURNING);
			clock->id = osm_spi_int64(SPI_tuptable->vals[0], 1);
			MemoryContextSwitchTo(step->context);
			osm_clock_note(step, clock, "start", NULL, NULL);
		}
		else
		{
			const Oid types[] = { INT8OID,        INT8OID,  interval,       TIMESTAMPTZOID,
								  TIMESTAMPTZOID, interval, TIMESTAMPTZOID, TIMESTAMPTZOID,
								  TEXTOID,        BOOLOID,  BOOLOID,        INT8OID,
								  INT8OID,        INT4OID,  TIMESTAMPTZOID, TIMESTAMPTZOID,
								  TEXTOID,        BOOLOID,  BOOLOID,        INT8OID };

			values[0] = Int64GetDatum(clock->id);
			values[1] = Int64GetDatum(step->authority_id);
			values[2] = PointerGetDatum(&clock->term);
			nulls[2] = clock->has_term ? ' ' : 'n';
			values[3] = TimestampTzGetDatum(clock->due_at);
			values[4] = TimestampTzGetDatum(clock->resumed_at);
			values[5] = PointerGetDatum(&clock->used);
			values[6] = TimestampTzGetDatum(clock->paused_at);
			nulls[6] = clock->state == CLOCK_PAUSED ? ' ' : 'n';
			values[7] = TimestampTzGetDatum(step->occurred_at);
			nulls[7] = ended ? ' ' : 'n';
			values[8] = CStringGetTextDatum(osm_clock_state_names[clock->state]);
			values[9] = BoolGetDatum(clock->binding);
			values[10] = BoolGetDatum(clock->provisional);
			values[11] = Int64GetDatum(clock->body_id);
			nulls[11] = clock->body_id ? ' ' : 'n';
			values[12] = Int64GetDatum(step->actor_id);
			nulls[12] = ended ? ' ' : 'n';
			values[13] = Int32GetDatum(step->seq);
			nulls[13] = ended ? ' ' : 'n';
			/* a breach undone by a later due instant may come again, or have come by now */
			if (clock->flagged && !ended && clock->due_moved)
			{
				TimestampTz judged_at = clock->state == CLOCK_PAUSED ? clock->paused_at :
					step->recorded_at;
				bool		late = judged_at > clock->due_at;

				if (!late || clock->flagged_at <= clock->due_at)
					clock->flagged = false;
				if (late && !clock->flagged)
					osm_clock_flag(clock);
			}
			/* flagged by this step, unless it was flagged before and after that very end */
			values[14] = TimestampTzGetDatum(clock->flagged_at > clock->due_at ?
											 clock->flagged_at : step->recorded_at);
			nulls[14] = clock->flagged ? ' ' : 'n';
			values[15] = TimestampTzGetDatum(warn_at);
			nulls[15] = warns ? ' ' : 'n';
			values[16] = clock->due_cause ? CStringGetTextDatum(clock->due_cause) : (Datum) 0;
			nulls[16] = clock->due_cause ? ' ' : 'n';
			/* so does the action an earlier end could not have taken */
			values[17] = BoolGetDatum(clock->rule->on_due != NULL && clock->due_moved &&
									  clock->due_at >= step->recorded_at);
			/* what was excused of a breach undone does not excuse another */
			values[18] = BoolGetDatum(clock->flagged && !clock->newly_flagged);
			values[19] = Int64GetDatum(clock->official_id);
			nulls[19] = clock->official_id ? ' ' : 'n';
			(void) osm_spi_run(
				&update_plan,
				"UPDATE osm.clock SET term = $3, due_at = $4, resumed_at = $5, used = $6, "
				"paused_at = $7, stopped_at = $8, state = $9, binding = $10, provisional = $11, "
				"body_id = $12, stopped_by = $13, stopped_seq = $14, "
				"flagged_at = $15, warn_at = $16, due_cause = $17, on_due = on_due OR $18, "
				"excuse = CASE WHEN $19 THEN excuse END, "
				"excused_seq = CASE WHEN $19 THEN excused_seq END, official_id = $20 "
				"WHERE id OPERATOR(pg_catalog.=) $1 AND authority_id OPERATOR(pg_catalog.=) $2",
				20, types, values, nulls, SPI_OK_UPDATE);
			MemoryContextSwitchTo(step->context);
			if (clock->newly_flagged && clock->flagged)
				osm_tell_of_breach(clock->id, step->authority_id, step->recorded_at);
		}
		if (clock->state == CLOCK_RUNNING &&
			(clock->rule->on_due != NULL || (clock->rule->armed && !clock->flagged)))
			osm_worker_note_due(warns ? Min(warn_at, clock->due_at) : clock->due_at);
	}
	write_overdue(clocks);
}
