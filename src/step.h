/*-------------------------------------------------------------------------
 * step.h
 *	  One step of one incident: what the guard found out before the row was
 *	  written, and what is written after it.
 *-------------------------------------------------------------------------
 */
#ifndef OSM_STEP_H
#define OSM_STEP_H

#include "access/htup.h"
#include "utils/jsonb.h"

#include "act.h"
#include "actor.h"

/* columns of osm.incident, in the order of incident_column_names */
typedef enum IncidentColumn
{
	COL_ID, COL_AUTHORITY_ID, COL_REGULATION, COL_REGULATION_ID, COL_STATE, COL_KIND, COL_CHANNEL,
	COL_URL, COL_EXTERNAL_ID, COL_AUTHOR, COL_TEXT, COL_PUBLISHED_AT, COL_DETECTED_AT, COL_TOPIC,
	COL_PLACE, COL_IMPORTANCE, COL_REPEAT_OF, COL_PART_OF, COL_SEVERAL_BODIES, COL_BODY_ID,
	COL_BODIES, COL_SEEN_BY, COL_REPLY_ID, COL_REPLY_KIND, COL_OVERDUE_SINCE, COL_ANSWERED_AT,
	COL_FINISHED_AT, COL_ACTION, COL_DETAILS, COL_OCCURRED_AT, COL_ACTOR_ID, COL_ACTING_FOR_ID,
	COL_EVENT_SEQ, COL_SALT,
	INCIDENT_COLUMNS
} IncidentColumn;

typedef struct IncidentRow
{
	Datum		values[INCIDENT_COLUMNS];
	bool		nulls[INCIDENT_COLUMNS];
} IncidentRow;

/* a live share of a body in the incident */
typedef struct StepAssignment
{
	int64		id;				/* 0: to be written by this step */
	int64		body_id;
	char		role;			/* 's'ole, 'l'ead, 'm'ember */
	bool		contributed;
	bool		in_order;		/* gives its part after those with a lower seq_no */
	bool		keep;			/* not released by this step */
	bool		fresh;			/* written by this step */
	bool		waited;			/* before the step it was another's turn */
	int			seq_no;
} StepAssignment;

/* What a step led to. */
typedef struct StepOutcome
{
	int64		incident_id;
	MemoryContext context;		/* of what follows */
	int32		seq;			/* 0: not recorded */
	char	   *state;
	char	   *clock;			/* running binding clock due first; NULL: none */
	TimestampTz due_at;
} StepOutcome;

/* a step of no transition, or one nobody takes */
typedef struct OwnStep
{
	int64		incident_id;
	int64		authority_id;
	const char *action;			/* of the act, unless it recalculates or excuses */
	const char *details;		/* JSON object */
	TimestampTz occurred_at;	/* never taken for later than now or earlier than the last step */
	const ActTexts *recalculates;	/* calendars whose terms are counted again, or NULL */
	int64		excuses;		/* clock whose breach is excused, or 0 */
	int64		actor_id;		/* 0: nobody */
	int64		acting_for_id;
	StepOutcome *outcome;		/* where to say what it led to, or NULL */
} OwnStep;

typedef struct Step
{
	/* hash key: the step's event */
	int64		incident_id;
	int64		authority_id;
	int32		seq;

	MemoryContext context;		/* everything below */
	Act		   *act;
	ActTransition *transition;
	ActAction  *action;
	ActState   *from;			/* NULL: registration */
	ActState   *to;
	IncidentRow before;			/* undefined for a registration */
	IncidentRow after;
	Jsonb	   *details;
	Jsonb	   *reply_content;	/* current reply, loaded on demand */
	bool		reply_loaded;
	const char *reply_kind;
	TimestampTz occurred_at;
	TimestampTz recorded_at;
	const Actor *actor;			/* good during BEFORE only; NULL: nobody */
	const OwnStep *own;			/* NULL: somebody's step */
	int64		actor_id;
	int64		acting_for_id;
	int64		actor_body_id;	/* body under whose appointment the actor acts */
	bool		urgent;
	int			nassignments;	/* live ones, this step's included */
	StepAssignment *assignments;
	bool		assignments_loaded;
	char		value_assignment_role;	/* for applies_when while a clock of that scope is judged */
	int			nparts;			/* bodies that get an incident of their own */
	char	  **parts;			/* their codes */
	StringInfo	warnings;		/* names of content rules that only warn, comma separated */
	JsonbParseState *clock_notes;	/* an array under construction of what happened to clocks */
	const ActClockRule *next_clock; /* rule of the running binding clock due first; NULL: none */
	TimestampTz next_due_at;
	HeapTuple	guarded;		/* the row as the guard left it */
	bool		replayed;		/* a step of the past: nothing is written (simulate.c) */
	bool		interim_posted;	/* before a replayed step */
} Step;

/* incident_row.c */
extern void osm_incident_deform(HeapTuple tuple, TupleDesc desc, IncidentRow *row);
extern HeapTuple osm_incident_form(HeapTuple tuple, TupleDesc desc, const IncidentRow *row);
extern const char *osm_incident_difference(HeapTuple a, HeapTuple b, TupleDesc desc);
extern const char *osm_incident_difference_but(HeapTuple a, HeapTuple b, TupleDesc desc,
											   IncidentColumn except);
extern const char *osm_incident_column_name(IncidentColumn column);
extern char *osm_row_text(const IncidentRow *row, IncidentColumn column);
extern int64 osm_row_int64(const IncidentRow *row, IncidentColumn column);
extern void osm_row_set_text(IncidentRow *row, IncidentColumn column, const char *text);
extern void osm_row_set(IncidentRow *row, IncidentColumn column, Datum value);
extern int	osm_row_int64_array(const IncidentRow *row, IncidentColumn column, int64 **items);
extern Datum osm_int64_array(int n, const int64 *items);

/* details.c */
extern JsonbValue *osm_details_get(Jsonb *details, const char *key);
extern char *osm_details_text(Jsonb *details, const char *key);
extern bool osm_details_has(Jsonb *details, const char *key);
extern int	osm_details_length(Jsonb *details, const char *key);
extern bool osm_details_true(Jsonb *details, const char *object, const char *key);
extern char **osm_details_list(Jsonb *details, const char *key, int *n);
extern TimestampTz osm_details_instant(Jsonb *details, const char *key, const char *time_zone);
extern TimestampTz osm_details_day(Jsonb *details, const char *key, const char *time_zone);
extern Jsonb *osm_details_for_event(const Step *step);
extern void osm_push_key(JsonbParseState **state, const char *key);
extern void osm_push_text(JsonbParseState **state, const char *key, const char *text);
extern void osm_push_number(JsonbParseState **state, const char *key, int64 number);

/* step_prepare.c */
extern void osm_prepare_registration(Step *step);
extern bool osm_prepare_step(Step *step, HeapTuple old_tuple, HeapTuple new_tuple, TupleDesc desc);

/* step_plan.c */
extern void osm_step_plan(Step *step);
extern bool osm_step_is_urgent(const Act *act, const IncidentRow *row);

/* step_rules.c */
extern const char *osm_step_kind(Step *step);
extern bool osm_step_splits(Step *step);
extern bool osm_share_owes(const Step *step, const StepAssignment *share);
extern const StepAssignment *osm_share_before(const Step *step, const StepAssignment *share);
extern Jsonb *osm_step_document(Step *step, const char *key);
extern Jsonb *osm_step_reply(Step *step);
extern const char *osm_step_value(void *arg, const char *key);
extern void osm_step_check(Step *step);
extern void osm_step_load_assignments(Step *step);
extern const ActorRole *osm_step_holds(Step *step, const ActTransition *transition,
									   const ActRole **role);
extern DateADT osm_step_date(const Step *step);
extern char *osm_allowed_list(const Act *act, const ActState *from);
extern char *osm_role_list(const ActTransition *transition);

extern const ActReason *osm_find_reason(const Act *act, const char *list, const char *code);
extern char *osm_reason_codes(const Act *act, const char *list);

/* step_content.c */
extern void osm_step_check_contents(Step *step);

/* step_write.c */
extern void osm_step_write(Step *step);
extern bool osm_engine_writes(void);
extern const Step *osm_step_being_split(void);
extern const OwnStep *osm_own_step(int64 incident_id, int64 authority_id);
extern void osm_engine_begin(const Step *split, const OwnStep *own);
extern void osm_engine_end(void);

/* perform.c */
extern void osm_step_written(const Step *step);
extern Datum osm_step_result(const StepOutcome *outcome, TupleDesc desc);

/* clock.c */
extern void osm_step_clocks(Step *step);

/* own_step.c */
extern void osm_take_own_step(const OwnStep *own);
extern void osm_prepare_own_step(Step *step, const OwnStep *own);
extern int	osm_take_due_actions(TimestampTz now);

/* tick.c */
extern void osm_tell_of_breach(int64 clock_id, int64 authority_id, TimestampTz now);

/* recalculate.c */
extern int	osm_recalculate_some(TimestampTz now);

/* report.c */
extern int	osm_freeze_due_report(TimestampTz now, bool busy, TimestampTz soon,
								  TimestampTz *next, TimestampTz *later);

/* event_chain.c */
extern void osm_event_write(Step *step, Jsonb *details);

#endif							/* OSM_STEP_H */
