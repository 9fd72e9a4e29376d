/*-------------------------------------------------------------------------
 * act.c
 *	  Compiled regulations, one per edition and backend.
 *
 * A step looks at a dozen definition tables; reading them each time would
 * cost more than the step.  So an edition is read once into a context of its
 * own under CacheMemoryContext, and read again after any of the tables changed.
 * The relcache callback only counts; it never looks anything up.  An outdated
 * act may still be in use further up the stack (a trigger that fired a
 * trigger), hence it is freed at the end of the transaction, not at once.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/catcache.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/jsonb.h"
#include "utils/memutils.h"
#include "utils/numeric.h"
#include "utils/snapmgr.h"

#include "act.h"
#include "osm_workflow.h"
#include "spi_plan.h"

typedef struct ActEntry
{
	int64		regulation_id;	/* hash key */
	uint64		generation;		/* of the definitions it was built from */
	Act		   *act;
} ActEntry;

static const char *const definition_tables[] = {
	"regulation", "role", "state", "action", "transition", "clock_rule", "content_rule", "reason",
	"channel_rule"
};

static HTAB *acts = NULL;
static Act *stale_acts = NULL;
static uint64 definition_generation = 1;
static Oid	definition_oids[lengthof(definition_tables)];

static void
definitions_changed(Datum arg, Oid relid)
{
	if (relid == InvalidOid)
	{
		definition_generation++;
		return;
	}
	for (int i = 0; i < (int) lengthof(definition_oids); i++)
	{
		if (definition_oids[i] == relid)
		{
			definition_generation++;
			return;
		}
	}
}

static void
free_stale_acts(XactEvent event, void *arg)
{
	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE)
		return;
	while (stale_acts != NULL)
	{
		Act		   *act = stale_acts;

		stale_acts = act->next_stale;
		MemoryContextDelete(act->context);
	}
}

static void
create_act_cache(void)
{
	HASHCTL		control;

	memset(&control, 0, sizeof(control));
	control.keysize = sizeof(int64);
	control.entrysize = sizeof(ActEntry);
	control.hcxt = CacheMemoryContext;
	if (CacheMemoryContext == NULL)
		CreateCacheMemoryContext();
	acts = hash_create("osm_workflow acts", 8, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	CacheRegisterRelcacheCallback(definitions_changed, (Datum) 0);
	RegisterXactCallback(free_stale_acts, NULL);
}

/* The readers below copy into the current context: the act's own. */

static ActTexts
read_texts(HeapTuple row, int column)
{
	ActTexts	texts = {0, NULL};
	bool		isnull;
	Datum		value = SPI_getbinval(row, SPI_tuptable->tupdesc, column, &isnull);
	Datum	   *elements;
	bool	   *nulls;
	int			n;

	if (isnull)
		return texts;
	deconstruct_array(DatumGetArrayTypeP(value), TEXTOID, -1, false, TYPALIGN_INT,
					  &elements, &nulls, &n);
	texts.items = palloc0(sizeof(char *) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		if (!nulls[i])
			texts.items[texts.n++] = TextDatumGetCString(elements[i]);
	}
	return texts;
}

static ActTriggers
read_triggers(HeapTuple row, int column)
{
	ActTexts	texts = read_texts(row, column);
	ActTriggers triggers;

	triggers.n = texts.n;
	triggers.items = palloc0(sizeof(ActTrigger) * Max(texts.n, 1));
	for (int i = 0; i < texts.n; i++)
	{
		char	   *slash = strchr(texts.items[i], '/');

		triggers.items[i].action = texts.items[i];
		if (slash != NULL)
		{
			*slash = '\0';
			triggers.items[i].kind = slash + 1;
		}
	}
	return triggers;
}

static char *
jsonb_scalar_text(const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvString:
			return pnstrdup(value->val.string.val, value->val.string.len);
		case jbvBool:
			return pstrdup(value->val.boolean ? "true" : "false");
		case jbvNumeric:
			return DatumGetCString(DirectFunctionCall1(numeric_out,
													   NumericGetDatum(value->val.numeric)));
		default:
			return NULL;
	}
}

/* read_conditions turns {"key": "value" | ["value", …]} into ActConditions. */
static ActConditions
read_conditions(HeapTuple row, int column)
{
	ActConditions when = {0, NULL};
	bool		isnull;
	Datum		value = SPI_getbinval(row, SPI_tuptable->tupdesc, column, &isnull);
	JsonbIterator *iterator;
	JsonbValue	item;
	JsonbIteratorToken token;
	Jsonb	   *object;
	ActCondition *condition = NULL;

	if (isnull)
		return when;
	object = DatumGetJsonbP(value);
	if (!JB_ROOT_IS_OBJECT(object) || JB_ROOT_COUNT(object) == 0)
		return when;
	when.items = palloc0(sizeof(ActCondition) * JB_ROOT_COUNT(object));
	iterator = JsonbIteratorInit(&object->root);
	while ((token = JsonbIteratorNext(&iterator, &item, false)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			condition = &when.items[when.n++];
			condition->key = pnstrdup(item.val.string.val, item.val.string.len);
			condition->values.items = NULL;
		}
		else if ((token == WJB_VALUE || token == WJB_ELEM) && condition != NULL)
		{
			char	   *text = jsonb_scalar_text(&item);

			if (text == NULL)
				continue;
			if (condition->values.items == NULL)
				condition->values.items = palloc(sizeof(char *));
			else
				condition->values.items = repalloc(condition->values.items,
												   sizeof(char *) * (condition->values.n + 1));
			condition->values.items[condition->values.n++] = text;
		}
	}
	return when;
}

static bool
read_interval(HeapTuple row, int column, BusinessInterval *result)
{
	bool		isnull;
	Datum		value = SPI_getbinval(row, SPI_tuptable->tupdesc, column, &isnull);

	if (!isnull)
		*result = *DatumGetBusinessIntervalP(value);
	return !isnull;
}

/* find an index by name among n structs whose first member is the name */
#define FIND_BY_NAME(array, n, wanted, result) \
	do { \
		(result) = NULL; \
		for (int find_i = 0; (wanted) != NULL && find_i < (n); find_i++) \
		{ \
			if (strcmp((array)[find_i].name, (wanted)) == 0) \
			{ \
				(result) = &(array)[find_i]; \
				break; \
			} \
		} \
	} while (0)

static ActEffect
effect_by_name(const char *name)
{
	static const char *const names[] = {
		"none", "register", "assign", "release", "contribute", "submit", "endorse", "approve",
		"send_back", "post", "classify", "set_term", "link_repeat", "publish"
	};

	for (int i = 0; i < (int) lengthof(names); i++)
	{
		if (strcmp(names[i], name) == 0)
			return (ActEffect) i;
	}
	elog(ERROR, "unknown effect \"%s\"", name);
	return EFFECT_NONE;			/* keep the compiler quiet */
}

static ActCheck
check_by_name(const char *name)
{
	static const char *const names[] = {
		"present", "absent", "max_items", "min_items", "listed", "ticked", "same_channel",
		"known_channel", "known_account", "max_length", "min_length", "without_phrases", "rate"
	};

	for (int i = 0; i < (int) lengthof(names); i++)
	{
		if (strcmp(names[i], name) == 0)
			return (ActCheck) i;
	}
	elog(ERROR, "unknown check \"%s\"", name);
	return CHECK_PRESENT;		/* keep the compiler quiet */
}

/*
 * select_rows runs one definition query for an edition; the rows are in
 * SPI_tuptable, and what is read from them goes into the act's context (SPI
 * leaves its own one current).
 */
static int
select_rows(const char *sql, const Act *act)
{
	Oid			type = INT8OID;
	Datum		value = Int64GetDatum(act->id);
	int			code = SPI_execute_with_args(sql, 1, &type, &value, NULL, true, 0);

	if (code != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_with_args returned %s", SPI_result_code_string(code));
	MemoryContextSwitchTo(act->context);
	return (int) SPI_processed;
}

#define ROW(i) (SPI_tuptable->vals[i])
/* A result column as text in the act's context. */
#define TEXT(i, column) osm_spi_text(ROW(i), column)

static void
load_head(Act *act)
{
	bool		isnull;

	if (select_rows(
			"SELECT code, edition, title, time_zone, calendar, several_bodies, urgent_importance, "
			"lead_contributes, xmin "
			"FROM osm.regulation WHERE id OPERATOR(pg_catalog.=) $1",
			act) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("regulation %lld does not exist", (long long) act->id)));
	act->code = TEXT(0, 1);
	act->edition = TEXT(0, 2);
	act->title = TEXT(0, 3);
	act->time_zone = TEXT(0, 4);
	act->calendar = TEXT(0, 5);
	act->separate_bodies = strcmp(TEXT(0, 6), "separate") == 0;
	act->bodies_by_choice = strcmp(TEXT(0, 6), "choice") == 0;
	act->lead_contributes = osm_spi_bool(ROW(0), 8);
	act->urgent_importance = read_texts(ROW(0), 7);
	act->written_by =
		DatumGetTransactionId(SPI_getbinval(ROW(0), SPI_tuptable->tupdesc, 9, &isnull));
}

static void
load_names(Act *act)
{
	act->nroles = select_rows("SELECT name, title, scope, may_backdate FROM osm.role "
							  "WHERE regulation_id OPERATOR(pg_catalog.=) $1 ORDER BY position",
							  act);
	act->roles = palloc0(sizeof(ActRole) * Max(act->nroles, 1));
	for (int i = 0; i < act->nroles; i++)
	{
		char	   *scope = TEXT(i, 3);

		act->roles[i].name = TEXT(i, 1);
		act->roles[i].title = TEXT(i, 2);
		act->roles[i].scope = scope[0] == 'l' ? SCOPE_LEAD :
			strcmp(scope, "assignment") == 0 ? SCOPE_ASSIGNMENT : SCOPE_AUTHORITY;
		act->roles[i].may_backdate = osm_spi_bool(ROW(i), 4);
	}

	act->nstates = select_rows("SELECT name, title, title_en, kind FROM osm.state "
							   "WHERE regulation_id OPERATOR(pg_catalog.=) $1 ORDER BY position",
							   act);
	act->states = palloc0(sizeof(ActState) * Max(act->nstates, 1));
	for (int i = 0; i < act->nstates; i++)
	{
		char	   *kind = TEXT(i, 4);

		act->states[i].name = TEXT(i, 1);
		act->states[i].title = TEXT(i, 2);
		act->states[i].title_en = TEXT(i, 3);
		act->states[i].kind = kind[0] == 'i' ? STATE_INITIAL : kind[0] == 'o' ? STATE_OPEN :
			strcmp(kind, "final") == 0 ? STATE_FINAL : STATE_FORBIDDEN;
	}

	act->nactions = select_rows("SELECT name, title, title_en, effect, notifies, subject, "
								"deliver_within "
								"FROM osm.action "
								"WHERE regulation_id OPERATOR(pg_catalog.=) $1 ORDER BY position",
								act);
	act->actions = palloc0(sizeof(ActAction) * Max(act->nactions, 1));
	for (int i = 0; i < act->nactions; i++)
	{
		act->actions[i].name = TEXT(i, 1);
		act->actions[i].title = TEXT(i, 2);
		act->actions[i].title_en = TEXT(i, 3);
		act->actions[i].effect = effect_by_name(TEXT(i, 4));
		act->actions[i].notifies = read_texts(ROW(i), 5);
		act->actions[i].subject = TEXT(i, 6);
		act->actions[i].deliver_within = TEXT(i, 7);
	}
}

static void
load_transitions(Act *act)
{
	act->ntransitions =
		select_rows("SELECT action, from_state, to_state, role, requires, applies_when, clause "
					"FROM osm.transition WHERE regulation_id OPERATOR(pg_catalog.=) $1 "
					"ORDER BY position",
					act);
	act->transitions = palloc0(sizeof(ActTransition) * Max(act->ntransitions, 1));
	for (int i = 0; i < act->ntransitions; i++)
	{
		ActTransition *transition = &act->transitions[i];
		ActTexts	roles = read_texts(ROW(i), 4);
		char	   *from = TEXT(i, 2);
		char	   *to = TEXT(i, 3);

		transition->action = osm_act_action(act, TEXT(i, 1));
		transition->from = from ? osm_act_state(act, from) : NULL;
		transition->to = to ? osm_act_state(act, to) : NULL;
		transition->roles = palloc0(sizeof(ActRole *) * Max(roles.n, 1));
		for (int j = 0; j < roles.n; j++)
		{
			ActRole    *role;

			FIND_BY_NAME(act->roles, act->nroles, roles.items[j], role);
			if (role != NULL)
				transition->roles[transition->nroles++] = role;
		}
		transition->required = read_texts(ROW(i), 5);
		transition->when = read_conditions(ROW(i), 6);
		transition->clause = TEXT(i, 7);
	}
}

static void
load_clocks(Act *act)
{
	act->nclocks = select_rows(
		"SELECT id, name, starts_on, stops_on, cancels_on, pauses_on, resumes_on, anchor, "
		"term, urgent_term, urgent_factor::double precision, counts_from, due_from, calendar, armed, "
		"scope, outer_term, responsible, binding, warn_before, applies_when, clause, "
		"share::double precision, on_due, share_of "
		"FROM osm.clock_rule WHERE regulation_id OPERATOR(pg_catalog.=) $1 "
		"ORDER BY position",
		act);
	act->clocks = palloc0(sizeof(ActClockRule) * Max(act->nclocks, 1));
	for (int i = 0; i < act->nclocks; i++)
	{
		ActClockRule *rule = &act->clocks[i];
		bool		isnull;
		Datum		value;

		rule->id = osm_spi_int64(ROW(i), 1);
		rule->name = TEXT(i, 2);
		rule->starts_on = read_triggers(ROW(i), 3);
		rule->stops_on = read_triggers(ROW(i), 4);
		rule->cancels_on = read_triggers(ROW(i), 5);
		rule->pauses_on = read_triggers(ROW(i), 6);
		rule->resumes_on = read_triggers(ROW(i), 7);
		rule->has_term = read_interval(ROW(i), 9, &rule->term);
		rule->has_urgent_term = read_interval(ROW(i), 10, &rule->urgent_term);
		value = SPI_getbinval(ROW(i), SPI_tuptable->tupdesc, 11, &isnull);
		rule->urgent_factor = isnull ? 0 : DatumGetFloat8(value);
		rule->counts_from = TEXT(i, 12);
		rule->due_from = TEXT(i, 13);
		rule->calendar = TEXT(i, 14);
		rule->armed = strcmp(TEXT(i, 15), "always") == 0;
		rule->scope = TEXT(i, 16)[0];
		rule->outer_term = osm_spi_bool(ROW(i), 17);
		FIND_BY_NAME(act->roles, act->nroles, TEXT(i, 18), rule->responsible);
		rule->binding = osm_spi_bool(ROW(i), 19);
		value = SPI_getbinval(ROW(i), SPI_tuptable->tupdesc, 20, &isnull);
		if (!isnull)
		{
			Datum	   *elements;
			bool	   *nulls;

			deconstruct_array(DatumGetArrayTypeP(value), osm_business_interval_oid(),
							  sizeof(BusinessInterval), false, TYPALIGN_DOUBLE,
							  &elements, &nulls, &rule->nwarnings);
			rule->warn_before = palloc(sizeof(BusinessInterval) * Max(rule->nwarnings, 1));
			for (int j = 0; j < rule->nwarnings; j++)
				rule->warn_before[j] = *DatumGetBusinessIntervalP(elements[j]);
		}
		rule->when = read_conditions(ROW(i), 21);
		rule->clause = TEXT(i, 22);
		value = SPI_getbinval(ROW(i), SPI_tuptable->tupdesc, 23, &isnull);
		rule->share = isnull ? 0 : DatumGetFloat8(value);
		rule->on_due = TEXT(i, 24);
	}
	for (int i = 0; i < act->nclocks; i++)
	{
		FIND_BY_NAME(act->clocks, act->nclocks, TEXT(i, 8), act->clocks[i].anchor);
		FIND_BY_NAME(act->clocks, act->nclocks, TEXT(i, 25), act->clocks[i].share_of);
	}
}

static void
load_contents(Act *act)
{
	act->ncontents =
		select_rows("SELECT name, title, applies_to, applies_when, \"check\", key, unless, "
					"\"limit\"::bigint, mode, clause, phrases, per, same FROM osm.content_rule "
					"WHERE regulation_id OPERATOR(pg_catalog.=) $1 ORDER BY position",
					act);
	act->contents = palloc0(sizeof(ActContentRule) * Max(act->ncontents, 1));
	for (int i = 0; i < act->ncontents; i++)
	{
		ActContentRule *rule = &act->contents[i];

		rule->name = TEXT(i, 1);
		rule->title = TEXT(i, 2);
		rule->applies_to = read_triggers(ROW(i), 3);
		rule->when = read_conditions(ROW(i), 4);
		rule->check = check_by_name(TEXT(i, 5));
		rule->key = TEXT(i, 6);
		rule->unless = read_texts(ROW(i), 7);
		rule->limit = (int) osm_spi_int64(ROW(i), 8);
		rule->warn_only = strcmp(TEXT(i, 9), "warn") == 0;
		rule->clause = TEXT(i, 10);
		rule->phrases = read_texts(ROW(i), 11);
		(void) read_interval(ROW(i), 12, &rule->per);
		rule->same = read_texts(ROW(i), 13);
	}

	act->nreasons =
		select_rows("SELECT list, code, title, closed_list, clause FROM osm.reason "
					"WHERE regulation_id OPERATOR(pg_catalog.=) $1 ORDER BY list, position",
					act);
	act->reasons = palloc0(sizeof(ActReason) * Max(act->nreasons, 1));
	for (int i = 0; i < act->nreasons; i++)
	{
		act->reasons[i].list = TEXT(i, 1);
		act->reasons[i].code = TEXT(i, 2);
		act->reasons[i].title = TEXT(i, 3);
		act->reasons[i].closed_list = osm_spi_bool(ROW(i), 4);
		act->reasons[i].clause = TEXT(i, 5);
	}

	act->nchannels =
		select_rows("SELECT channel, account_kind, clause, others_allowed FROM osm.channel_rule "
					"WHERE regulation_id OPERATOR(pg_catalog.=) $1 ORDER BY position",
					act);
	act->channels = palloc0(sizeof(ActChannel) * Max(act->nchannels, 1));
	for (int i = 0; i < act->nchannels; i++)
	{
		act->channels[i].name = TEXT(i, 1);
		act->channels[i].account_kind = TEXT(i, 2);
		act->channels[i].clause = TEXT(i, 3);
		act->other_channels |= osm_spi_bool(ROW(i), 4);
	}
}

/*
 * load_act reads one edition into a context of its own.  Runs with the owner's
 * rights; on error the half-built context goes with the transaction's memory,
 * since it is re-parented only when complete.
 */
static Act *
load_act(int64 regulation_id)
{
	MemoryContext context = AllocSetContextCreate(CurTransactionContext, "osm_workflow act",
												  ALLOCSET_SMALL_SIZES);
	MemoryContext caller;
	OsmOwnerRights rights;
	Act		   *act;

	for (int i = 0; i < (int) lengthof(definition_tables); i++)
		definition_oids[i] = osm_relation(definition_tables[i], false);

	osm_become_owner(&rights);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	/* what is kept beyond the statement must not be as old as its snapshot */
	PushActiveSnapshot(GetCatalogSnapshot(definition_oids[0]));
	caller = MemoryContextSwitchTo(context);
	act = palloc0(sizeof(Act));
	act->id = regulation_id;
	act->context = context;
	load_head(act);
	load_names(act);
	load_transitions(act);
	load_clocks(act);
	load_contents(act);
	MemoryContextSwitchTo(caller);
	PopActiveSnapshot();
	SPI_finish();
	osm_become_user(&rights);

	MemoryContextSetParent(context, CacheMemoryContext);
	return act;
}

/*
 * osm_act_get returns the compiled edition.  The pointer is good until the end
 * of the transaction.  Errors: 42704 if there is no such edition.
 */
Act *
osm_act_get(int64 regulation_id)
{
	ActEntry   *entry;
	bool		found;
	uint64		generation;
	Act		   *act;

	if (acts == NULL)
		create_act_cache();
	entry = hash_search(acts, &regulation_id, HASH_FIND, NULL);
	if (entry != NULL && entry->generation == definition_generation)
		return entry->act;

	generation = definition_generation;
	act = load_act(regulation_id);

	entry = hash_search(acts, &regulation_id, HASH_ENTER, &found);
	if (found)
	{
		entry->act->next_stale = stale_acts;
		stale_acts = entry->act;
	}
	entry->act = act;
	entry->generation = generation;
	return act;
}

/*
 * osm_act_edition returns the id of the edition of an act in force on the local
 * date of an instant.  Errors: 42704 if the act is unknown, OW003 if no edition
 * was in force then.
 */
int64
osm_act_edition(const char *code, TimestampTz detected_at)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {TEXTOID, TIMESTAMPTZOID};
	Datum		values[2];
	OsmOwnerRights rights;
	int64		result = 0;
	int			n;
	bool		known = false;

	osm_become_owner(&rights);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	values[0] = CStringGetTextDatum(code);
	values[1] = TimestampTzGetDatum(detected_at);
	n = osm_spi_run(&plan,
					"SELECT id, in_force OPERATOR(pg_catalog.@>) "
					"(pg_catalog.timezone(time_zone, $2))::pg_catalog.date "
					"FROM osm.regulation WHERE code OPERATOR(pg_catalog.=) $1",
					2, types, values, NULL, SPI_OK_SELECT);
	for (int i = 0; i < n; i++)
	{
		known = true;
		if (osm_spi_bool(ROW(i), 2))
			result = osm_spi_int64(ROW(i), 1);
	}
	SPI_finish();
	osm_become_user(&rights);

	if (!known)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("regulation \"%s\" does not exist", code),
				 errhint("Load it with osm.install_preset() or osm.define_regulation().")));
	if (result == 0)
		ereport(
			ERROR,
			(errcode(ERRCODE_OSM_BAD_DATA),
			 errmsg("no edition of regulation \"%s\" was in force when the message was detected",
					code),
			 errdetail("The message was detected at %s.", timestamptz_to_str(detected_at)),
			 errhint("Check the date of detection, or load the edition in force then.")));
	return result;
}

ActState *
osm_act_state(const Act *act, const char *name)
{
	ActState   *state;

	FIND_BY_NAME(act->states, act->nstates, name, state);
	return state;
}

ActAction *
osm_act_action(const Act *act, const char *name)
{
	ActAction  *action;

	FIND_BY_NAME(act->actions, act->nactions, name, action);
	return action;
}

ActChannel *
osm_act_channel(const Act *act, const char *name)
{
	ActChannel *channel;

	FIND_BY_NAME(act->channels, act->nchannels, name, channel);
	return channel;
}

/* osm_act_clock returns the rule of a clock row, NULL if it is of another edition. */
ActClockRule *
osm_act_clock(const Act *act, int64 rule_id)
{
	for (int i = 0; i < act->nclocks; i++)
	{
		if (act->clocks[i].id == rule_id)
			return &act->clocks[i];
	}
	return NULL;
}

bool
osm_texts_contain(const ActTexts *texts, const char *text)
{
	for (int i = 0; text != NULL && i < texts->n; i++)
	{
		if (strcmp(texts->items[i], text) == 0)
			return true;
	}
	return false;
}

/* accepts tells whether a list of applies_when accepts a value, NULL for none. */
static bool
accepts(const ActTexts *list, const char *value)
{
	bool		negates = false;

	if (osm_texts_contain(list, value != NULL ? "*" : "-") || osm_texts_contain(list, value))
		return true;
	for (int i = 0; i < list->n; i++)
	{
		if (list->items[i][0] != '!')
			continue;
		if (strcmp(list->items[i] + 1, value != NULL ? value : "-") == 0)
			return false;
		negates = true;
	}
	return negates;
}

/*
 * osm_conditions_hold evaluates applies_when.  "*" accepts any value, "-" an
 * absent one, "!x" whatever is not x.
 */
bool
osm_conditions_hold(const ActConditions *when, ActValueOf value_of, void *arg)
{
	for (int i = 0; i < when->n; i++)
	{
		if (!accepts(&when->items[i].values, value_of(arg, when->items[i].key)))
			return false;
	}
	return true;
}

/* osm_triggers_match tells whether a list names an action, with a kind of it. */
bool
osm_triggers_match(const ActTriggers *triggers, const char *action, const char *kind)
{
	for (int i = 0; i < triggers->n; i++)
	{
		const ActTrigger *trigger = &triggers->items[i];

		if (strcmp(trigger->action, action) == 0 &&
			(trigger->kind == NULL || (kind != NULL && strcmp(trigger->kind, kind) == 0)))
			return true;
	}
	return false;
}
