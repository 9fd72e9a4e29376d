/*-------------------------------------------------------------------------
 * actor.c
 *	  Who acts: the official behind the login role, or the one a portal
 *	  named for this transaction; and whose incidents that official sees.
 *
 * The hazard is a shared connection.  An actor kept in a setting could be set
 * by anybody and leaks to the next client of a connection pool, so it is kept
 * here, set by a function that needs a privilege, and forgotten at the end of
 * the transaction, or of the subtransaction that set it.
 *
 * People are read once per backend and again after any of their tables changed;
 * periods of appointments are checked at each use against the date.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/catcache.h"
#include "utils/hsearch.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "actor.h"
#include "osm_workflow.h"
#include "people.h"
#include "spi_plan.h"

/* an actor named by osm.act_as(), and the subtransaction that named it */
typedef struct NamedActor
{
	SubTransactionId subxact;
	int64		official_id;	/* 0: none */
	struct NamedActor *previous;
} NamedActor;

/* official behind a login role */
typedef struct LoginEntry
{
	Oid			role_id;		/* hash key */
	uint64		generation;
	int64		official_id;	/* 0: none */
	bool		ambiguous;
} LoginEntry;

/* official named by osm.act_as() before; longer names are looked up each time */
typedef struct NamedEntry
{
	NameData	login;			/* hash key, with authority */
	NameData	authority;		/* code; empty: not given */
	uint64		generation;
	int64		official_id;
	int64		authority_id;
} NamedEntry;

/* a row of osm.access that gives sight */
typedef struct Sight
{
	Oid			role_id;
	int64		authority_id;	/* 0: all */
} Sight;

static const char *const people_tables[] = {
	"body", "body_role", "official", "appointment", "substitution", "access", "role", "regulation"
};

static NamedActor *named_actor = NULL;
static uint64 people_generation = 1;
static Oid	people_oids[lengthof(people_tables)];
static HTAB *actors = NULL;
static HTAB *logins = NULL;
static HTAB *named_officials = NULL;
static Sight *sights = NULL;
static int	nsights = 0;
static uint64 sights_generation = 0;

static void
people_changed(Datum arg, Oid relid)
{
	if (relid == InvalidOid)
	{
		people_generation++;
		return;
	}
	for (int i = 0; i < (int) lengthof(people_oids); i++)
	{
		if (people_oids[i] == relid)
		{
			people_generation++;
			return;
		}
	}
}

static void
role_changed(Datum arg, int cacheid, uint32 hashvalue)
{
	people_generation++;
}

static void
forget_named_actor(XactEvent event, void *arg)
{
	/* the memory goes with TopTransactionContext */
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE ||
		event == XACT_EVENT_PARALLEL_COMMIT || event == XACT_EVENT_PARALLEL_ABORT)
		named_actor = NULL;
}

static void
forget_named_actor_of_subxact(SubXactEvent event, SubTransactionId my_subid,
							  SubTransactionId parent_subid, void *arg)
{
	if (event == SUBXACT_EVENT_ABORT_SUB)
	{
		while (named_actor != NULL && named_actor->subxact == my_subid)
			named_actor = named_actor->previous;
	}
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
	{
		for (NamedActor *named = named_actor; named != NULL && named->subxact == my_subid;
			 named = named->previous)
			named->subxact = parent_subid;
	}
}

/* osm_actor_init registers the callbacks that make an actor end with its transaction. */
void
osm_actor_init(void)
{
	RegisterXactCallback(forget_named_actor, NULL);
	RegisterSubXactCallback(forget_named_actor_of_subxact, NULL);
}

static void
create_people_cache(void)
{
	HASHCTL		control;

	if (CacheMemoryContext == NULL)
		CreateCacheMemoryContext();
	memset(&control, 0, sizeof(control));
	control.keysize = sizeof(int64);
	control.entrysize = sizeof(Actor);
	control.hcxt = CacheMemoryContext;
	actors =
		hash_create("osm_workflow actors", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	control.keysize = sizeof(Oid);
	control.entrysize = sizeof(LoginEntry);
	logins =
		hash_create("osm_workflow logins", 16, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	control.keysize = offsetof(NamedEntry, generation);
	control.entrysize = sizeof(NamedEntry);
	named_officials = hash_create("osm_workflow named officials", 64, &control,
								  HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	CacheRegisterRelcacheCallback(people_changed, (Datum) 0);
	CacheRegisterSyscacheCallback(AUTHOID, role_changed, (Datum) 0);
}

/* osm_people_generation counts the changes of people this backend has heard of. */
uint64
osm_people_generation(void)
{
	if (actors == NULL)
		create_people_cache();
	return people_generation;
}

/*
 * osm_people_query_begin and osm_people_query_end stand around what is remembered beyond
 * the statement.  It must not be as old as the statement's snapshot: a change of
 * people already announced to this backend would never be noticed again.
 */
void
osm_people_query_begin(OsmOwnerRights *rights)
{
	for (int i = 0; i < (int) lengthof(people_tables); i++)
		people_oids[i] = osm_relation(people_tables[i], false);
	osm_become_owner(rights);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	PushActiveSnapshot(GetCatalogSnapshot(people_oids[0]));
}

void
osm_people_query_end(const OsmOwnerRights *rights)
{
	PopActiveSnapshot();
	SPI_finish();
	osm_become_user(rights);
}

/* official_of_login returns the official whose db_role is the session's user, 0 for none. */
static int64
official_of_login(void)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {NAMEOID};
	Oid			role_id = GetSessionUserId();
	LoginEntry *entry;
	uint64		generation;
	OsmOwnerRights rights;
	NameData	role_name;
	Datum		value;
	int64		official_id;
	int			n;

	entry = hash_search(logins, &role_id, HASH_FIND, NULL);
	if (entry == NULL || entry->generation != people_generation)
	{
		generation = people_generation;
		namestrcpy(&role_name, GetUserNameFromId(role_id, false));
		value = NameGetDatum(&role_name);
		osm_people_query_begin(&rights);
		n = osm_spi_look_up(&plan,
							"SELECT id FROM osm.official WHERE db_role OPERATOR(pg_catalog.=) $1",
							1, types, &value, NULL);
		official_id = n > 0 ? osm_spi_int64(SPI_tuptable->vals[0], 1) : 0;
		osm_people_query_end(&rights);
		entry = hash_search(logins, &role_id, HASH_ENTER, NULL);
		entry->official_id = official_id;
		entry->ambiguous = n > 1;
		entry->generation = generation;
	}
	if (entry->ambiguous)
		ereport(
			ERROR,
			(errcode(ERRCODE_OSM_WRONG_PERSON),
			 errmsg("role \"%s\" belongs to more than one official",
					GetUserNameFromId(role_id, false)),
			 errhint(
				 "Give each official a database role of its own, or name the actor with osm.act_as().")));
	return entry->official_id;
}

/* load_actor reads an official's roles and the bodies whose incidents they may read. */
static void
load_actor(Actor *actor)
{
	static SPIPlanPtr head_plan = NULL;
	static SPIPlanPtr roles_plan = NULL;
	static SPIPlanPtr bodies_plan = NULL;
	static const Oid types[] = {INT8OID, DATEOID, INT8OID};
	Datum		values[3];
	MemoryContext context = AllocSetContextCreate(CurTransactionContext, "osm_workflow actor",
												  ALLOCSET_SMALL_SIZES);
	OsmOwnerRights rights;

	values[0] = Int64GetDatum(actor->official_id);
	values[1] = DateADTGetDatum(actor->day);
	osm_people_query_begin(&rights);
	if (osm_spi_look_up(
			&head_plan,
			"SELECT authority_id, login FROM osm.official WHERE id OPERATOR(pg_catalog.=) $1", 1,
			types, values, NULL) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_WRONG_PERSON),
				 errmsg("official %lld does not exist", (long long) actor->official_id)));
	MemoryContextSwitchTo(context);
	actor->authority_id = osm_spi_int64(SPI_tuptable->vals[0], 1);
	actor->login = osm_spi_text(SPI_tuptable->vals[0], 2);

	/*
	 * A role counts for the whole authority if an act the authority works under
	 * says so; what another authority's act calls by the same name does not.  Own
	 * appointments first, so that a person who may act in person does.
	 */
	values[2] = Int64GetDatum(actor->authority_id);
	actor->nroles = osm_spi_look_up(
		&roles_plan,
		"SELECT h.role, h.body_id, h.acting_for, pg_catalog.lower(h.during), "
		"  pg_catalog.upper(h.during), EXISTS (SELECT FROM osm.role AS r "
		"    JOIN osm.regulation AS g ON g.id OPERATOR(pg_catalog.=) r.regulation_id "
		"    WHERE r.name OPERATOR(pg_catalog.=) h.role "
		"      AND r.scope OPERATOR(pg_catalog.=) 'authority' "
		"      AND (EXISTS (SELECT FROM osm.body_role AS w "
		"             WHERE w.authority_id OPERATOR(pg_catalog.=) $3 "
		"               AND w.regulation OPERATOR(pg_catalog.=) g.code) "
		"        OR NOT EXISTS (SELECT FROM osm.body_role AS w "
		"             WHERE w.authority_id OPERATOR(pg_catalog.=) $3))) "
		"FROM (SELECT a.role, a.body_id, 0::bigint AS acting_for, a.during "
		"      FROM osm.appointment AS a WHERE a.official_id OPERATOR(pg_catalog.=) $1 "
		"      UNION ALL "
		"      SELECT a.role, a.body_id, s.principal_id, "
		"        a.during OPERATOR(pg_catalog.*) s.during "
		"      FROM osm.substitution AS s JOIN osm.appointment AS a "
		"        ON a.official_id OPERATOR(pg_catalog.=) s.principal_id "
		"       AND a.authority_id OPERATOR(pg_catalog.=) s.authority_id "
		"      WHERE s.deputy_id OPERATOR(pg_catalog.=) $1 "
		"        AND a.during OPERATOR(pg_catalog.&&) s.during) AS h "
		"ORDER BY h.acting_for, h.role, h.body_id",
		3, types, values, NULL);
	MemoryContextSwitchTo(context);
	actor->roles = palloc0(sizeof(ActorRole) * Max(actor->nroles, 1));
	for (int i = 0; i < actor->nroles; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];

		actor->roles[i].role = osm_spi_text(row, 1);
		actor->roles[i].body_id = osm_spi_int64(row, 2);
		actor->roles[i].acting_for_id = osm_spi_int64(row, 3);
		actor->roles[i].from = osm_spi_date(row, 4, DATEVAL_NOBEGIN);
		actor->roles[i].until = osm_spi_date(row, 5, DATEVAL_NOEND);
		actor->roles[i].whole_authority = osm_spi_bool(row, 6);
	}

	actor->nbodies = osm_spi_look_up(
		&bodies_plan,
		"WITH RECURSIVE reach (id, authority_id) AS ("
		"  SELECT a.body_id, a.authority_id FROM osm.appointment AS a "
		"  WHERE a.official_id OPERATOR(pg_catalog.=) $1 "
		"    AND a.during OPERATOR(pg_catalog.@>) $2 "
		"  UNION SELECT a.body_id, a.authority_id FROM osm.substitution AS s "
		"  JOIN osm.appointment AS a ON a.official_id OPERATOR(pg_catalog.=) s.principal_id "
		"   AND a.authority_id OPERATOR(pg_catalog.=) s.authority_id "
		"  WHERE s.deputy_id OPERATOR(pg_catalog.=) $1 "
		"    AND s.during OPERATOR(pg_catalog.@>) $2 AND a.during OPERATOR(pg_catalog.@>) $2 "
		"  UNION SELECT b.id, b.authority_id FROM reach AS r JOIN osm.body AS b "
		"    ON b.parent_id OPERATOR(pg_catalog.=) r.id "
		"   AND b.authority_id OPERATOR(pg_catalog.=) r.authority_id) "
		"SELECT id FROM reach ORDER BY id",
		2, types, values, NULL);
	MemoryContextSwitchTo(context);
	actor->bodies = palloc0(sizeof(int64) * Max(actor->nbodies, 1));
	for (int i = 0; i < actor->nbodies; i++)
		actor->bodies[i] = osm_spi_int64(SPI_tuptable->vals[i], 1);
	osm_people_query_end(&rights);

	MemoryContextSetParent(context, CacheMemoryContext);
	actor->context = context;
}

/*
 * osm_today returns the date in UTC: what an actor is remembered under.  The
 * exact local date is checked against each appointment when a role is used.
 */
static DateADT
osm_today(void)
{
	TimestampTz now = osm_now();
	TimestampTz day = now / USECS_PER_DAY;

	return (DateADT) (now % USECS_PER_DAY < 0 ? day - 1 : day);
}

/*
 * osm_actor_current returns who acts now, NULL for nobody.  The pointer is good
 * until the next call.  Errors: OW002 if the login role is ambiguous.
 */
const Actor *
osm_actor_current(void)
{
	int64		official_id;
	Actor	   *actor;
	Actor		loaded;
	DateADT		today;

	if (actors == NULL)
		create_people_cache();
	official_id = named_actor != NULL ? named_actor->official_id : official_of_login();
	if (official_id == 0)
		return NULL;

	actor = hash_search(actors, &official_id, HASH_FIND, NULL);
	today = osm_today();
	if (actor != NULL && actor->generation == people_generation && actor->day == today)
		return actor;

	memset(&loaded, 0, sizeof(loaded));
	loaded.official_id = official_id;
	loaded.generation = people_generation;
	loaded.day = today;
	load_actor(&loaded);
	actor = hash_search(actors, &official_id, HASH_FIND, NULL);
	if (actor != NULL && actor->context != NULL)
		MemoryContextDelete(actor->context);
	actor = hash_search(actors, &official_id, HASH_ENTER, NULL);
	*actor = loaded;
	return actor;
}

/*
 * osm_actor_role returns the appointment under which an actor holds a role on a
 * date, NULL for none.  With bodies given it must be in one of them.
 */
const ActorRole *
osm_actor_role(const Actor *actor, const char *role, DateADT on_date,
			   int nbodies, const int64 *bodies)
{
	for (int i = 0; i < actor->nroles; i++)
	{
		const ActorRole *held = &actor->roles[i];
		bool		right_body = (bodies == NULL);

		if (strcmp(held->role, role) != 0 || on_date < held->from || on_date >= held->until)
			continue;
		for (int j = 0; j < nbodies && !right_body; j++)
			right_body = (bodies[j] == held->body_id);
		if (right_body)
			return held;
	}
	return NULL;
}

/* may_act_for_others tells whether the session may name actors, and of which authority. */
static bool
may_act_for_others(int64 authority_id)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {INT8OID, OIDOID};
	Datum		values[2];
	OsmOwnerRights rights;
	bool		allowed;
	Oid			user_id = GetUserId();

	if (superuser_arg(user_id))
		return true;
	values[0] = Int64GetDatum(authority_id);
	values[1] = ObjectIdGetDatum(user_id);
	osm_people_query_begin(&rights);
	allowed = osm_spi_look_up(
				  &plan,
				  "SELECT 1 FROM osm.access AS a JOIN pg_catalog.pg_roles AS r "
				  "  ON r.rolname OPERATOR(pg_catalog.=) a.role "
				  "WHERE a.level OPERATOR(pg_catalog.=) 'portal' "
				  "  AND (a.authority_id IS NULL OR a.authority_id OPERATOR(pg_catalog.=) $1) "
				  "  AND pg_catalog.pg_has_role($2, r.oid, 'USAGE')",
				  2, types, values, NULL) > 0;
	osm_people_query_end(&rights);
	return allowed;
}

PG_FUNCTION_INFO_V1(osm_act_as);
PG_FUNCTION_INFO_V1(osm_actor);
PG_FUNCTION_INFO_V1(osm_actor_roles);
PG_FUNCTION_INFO_V1(osm_can_see);
PG_FUNCTION_INFO_V1(osm_can_see_authority);
PG_FUNCTION_INFO_V1(osm_can_see_incident);

/*
 * osm.act_as(login text, authority text): the named official acts until the end
 * of the transaction.  '' names nobody.  Errors: OW002 if there is no such
 * official or more than one, 42501 if the session may not act for others.
 */
Datum
osm_act_as(PG_FUNCTION_ARGS)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {TEXTOID, TEXTOID};
	char	   *login;
	char	   *authority;
	NamedEntry	key;
	NamedEntry *entry = NULL;
	int64		official_id = 0;
	int64		authority_id = 0;
	bool		cacheable;
	int			n = 0;
	NamedActor *named;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_OSM_WRONG_PERSON),
				 errmsg("no official is named"),
				 errhint("Give the login of an official.")));
	login = text_to_cstring(PG_GETARG_TEXT_PP(0));
	authority = PG_ARGISNULL(1) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(1));
	if (actors == NULL)
		create_people_cache();

	/* no table is opened for one named before, which is when changes by others are heard of */
	AcceptInvalidationMessages();
	memset(&key, 0, sizeof(key));
	strlcpy(NameStr(key.login), login, NAMEDATALEN);
	strlcpy(NameStr(key.authority), authority, NAMEDATALEN);
	cacheable = strlen(login) < NAMEDATALEN && strlen(authority) < NAMEDATALEN &&
		(PG_ARGISNULL(1) || authority[0] != '\0');
	if (cacheable)
		entry = hash_search(named_officials, &key, HASH_FIND, NULL);
	if (entry != NULL && entry->generation == people_generation)
	{
		official_id = entry->official_id;
		authority_id = entry->authority_id;
		n = 1;
	}
	else if (login[0] != '\0')
	{
		Datum		values[2];
		char		nulls[3] = "  ";
		OsmOwnerRights rights;
		uint64		generation = people_generation;

		values[0] = PG_GETARG_DATUM(0);
		values[1] = PG_ARGISNULL(1) ? (Datum) 0 : PG_GETARG_DATUM(1);
		nulls[1] = PG_ARGISNULL(1) ? 'n' : ' ';
		osm_people_query_begin(&rights);
		n = osm_spi_look_up(&plan,
						"SELECT o.id, o.authority_id FROM osm.official AS o "
						"JOIN osm.body AS b ON b.id OPERATOR(pg_catalog.=) o.authority_id "
						" AND b.authority_id OPERATOR(pg_catalog.=) o.authority_id "
						"WHERE o.login OPERATOR(pg_catalog.=) $1 "
						"  AND ($2 IS NULL OR b.code OPERATOR(pg_catalog.=) $2)",
						2, types, values, nulls);
		if (n > 0)
		{
			official_id = osm_spi_int64(SPI_tuptable->vals[0], 1);
			authority_id = osm_spi_int64(SPI_tuptable->vals[0], 2);
		}
		osm_people_query_end(&rights);
		if (n > 1)
			ereport(ERROR,
					(errcode(ERRCODE_OSM_WRONG_PERSON),
					 errmsg("more than one authority has an official \"%s\"", login),
					 errhint("Name the authority as the second argument of osm.act_as().")));
		if (n == 1 && cacheable)
		{
			entry = hash_search(named_officials, &key, HASH_ENTER, NULL);
			entry->generation = generation;
			entry->official_id = official_id;
			entry->authority_id = authority_id;
		}
	}
	if (!may_act_for_others(authority_id))
		ereport(
			ERROR,
			(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE), errmsg("permission denied to act for others"),
			 errhint(
				 "Only roles given level \"portal\" by osm.grant_access() may act for others, and only within their authority.")));
	if (login[0] != '\0' && n == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_WRONG_PERSON),
				 errmsg("there is no official \"%s\"", login),
				 errhint("Officials are loaded with osm.define_authority().")));

	named = MemoryContextAlloc(TopTransactionContext, sizeof(NamedActor));
	named->subxact = GetCurrentSubTransactionId();
	named->official_id = official_id;
	named->previous = named_actor;
	named_actor = named;
	PG_RETURN_VOID();
}

/* osm.actor(): id of the official who acts, null for nobody. */
Datum
osm_actor(PG_FUNCTION_ARGS)
{
	const Actor *actor;

	/* no table is opened here, which is when changes by others are heard of */
	AcceptInvalidationMessages();
	actor = osm_actor_current();
	if (actor == NULL)
		PG_RETURN_NULL();
	PG_RETURN_INT64(actor->official_id);
}

/* osm.actor_roles(): the current actor's roles, with the days they hold. */
Datum
osm_actor_roles(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	const Actor *actor;

	osm_materialize(fcinfo);
	AcceptInvalidationMessages();
	actor = osm_actor_current();
	for (int i = 0; actor != NULL && i < actor->nroles; i++)
	{
		const ActorRole *held = &actor->roles[i];
		Datum		values[7];
		bool		nulls[7] = {false};

		values[0] = Int64GetDatum(actor->official_id);
		values[1] = Int64GetDatum(actor->authority_id);
		values[2] = Int64GetDatum(held->body_id);
		values[3] = CStringGetTextDatum(held->role);
		values[4] = Int64GetDatum(held->acting_for_id);
		nulls[4] = held->acting_for_id == 0;
		values[5] = DateADTGetDatum(held->from);
		values[6] = DateADTGetDatum(held->until);
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
	return (Datum) 0;
}

/* load_sights reads which roles may read without being an official. */
static void
load_sights(void)
{
	static SPIPlanPtr plan = NULL;
	uint64		generation = people_generation;
	OsmOwnerRights rights;
	Sight	   *loaded;
	int			n;

	osm_people_query_begin(&rights);
	n = osm_spi_look_up(&plan,
					"SELECT r.oid::bigint, a.authority_id FROM osm.access AS a "
					"JOIN pg_catalog.pg_roles AS r ON r.rolname OPERATOR(pg_catalog.=) a.role "
					"WHERE a.level OPERATOR(pg_catalog.=) ANY ('{reader,auditor,administrator}')",
					0, NULL, NULL, NULL);
	loaded = MemoryContextAlloc(CacheMemoryContext, sizeof(Sight) * Max(n, 1));
	for (int i = 0; i < n; i++)
	{
		loaded[i].role_id = (Oid) osm_spi_int64(SPI_tuptable->vals[i], 1);
		loaded[i].authority_id = osm_spi_int64(SPI_tuptable->vals[i], 2);
	}
	osm_people_query_end(&rights);

	if (sights != NULL)
		pfree(sights);
	sights = loaded;
	nsights = n;
	sights_generation = generation;
}

/* osm_compare_int64 orders bigints, for qsort and bsearch. */
int
osm_compare_int64(const void *a, const void *b)
{
	int64		x = *(const int64 *) a;
	int64		y = *(const int64 *) b;

	return (x > y) - (x < y);
}

/* sees_authority tells whether the session may read all of an authority. */
static bool
sees_authority(const Actor *actor, int64 authority_id)
{
	if (actor != NULL && actor->authority_id == authority_id)
	{
		for (int i = 0; i < actor->nroles; i++)
		{
			const ActorRole *held = &actor->roles[i];

			if (held->whole_authority && actor->day >= held->from && actor->day < held->until)
				return true;
		}
	}
	if (named_actor != NULL)
		return false;
	if (sights_generation != people_generation)
		load_sights();
	for (int i = 0; i < nsights; i++)
	{
		if ((sights[i].authority_id == 0 || sights[i].authority_id == authority_id) &&
			has_privs_of_role(GetUserId(), sights[i].role_id))
			return true;
	}
	return false;
}

/* sees_bodies tells whether an actor may read what any of some bodies has had. */
static bool
sees_bodies(const Actor *actor, ArrayType *bodies)
{
	const int64 *ids;
	int			n = ArrayGetNItems(ARR_NDIM(bodies), ARR_DIMS(bodies));

	if (ARR_HASNULL(bodies) || ARR_ELEMTYPE(bodies) != INT8OID)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("list of bodies must not contain nulls")));
	ids = (const int64 *) ((char *) bodies + ARR_OVERHEAD_NONULLS(ARR_NDIM(bodies)));
	for (int i = 0; i < n; i++)
	{
		if (bsearch(&ids[i], actor->bodies, actor->nbodies, sizeof(int64), osm_compare_int64))
			return true;
	}
	return false;
}

/*
 * osm.can_see(authority_id bigint, bodies bigint[]): whether the session may
 * read an incident of that authority that these bodies have had.  An official
 * sees the whole authority in a role of that scope, else the incidents of the
 * own bodies and those below; readers, auditors and administrators what
 * osm.grant_access() gave them.  A named actor sees what that official sees,
 * whatever the shared connection may.
 */
Datum
osm_can_see(PG_FUNCTION_ARGS)
{
	int64		authority_id = PG_GETARG_INT64(0);
	const Actor *actor = osm_actor_current();

	if (sees_authority(actor, authority_id))
		PG_RETURN_BOOL(true);
	PG_RETURN_BOOL(actor != NULL && actor->authority_id == authority_id &&
				   sees_bodies(actor, PG_GETARG_ARRAYTYPE_P(1)));
}

/* osm.can_see_authority(authority_id bigint): its own officials and its readers read its people. */
Datum
osm_can_see_authority(PG_FUNCTION_ARGS)
{
	int64		authority_id = PG_GETARG_INT64(0);
	const Actor *actor = osm_actor_current();

	PG_RETURN_BOOL((actor != NULL && actor->authority_id == authority_id) ||
				   sees_authority(actor, authority_id));
}

/*
 * osm.can_see_incident(authority_id bigint, incident_id bigint): osm.can_see() of
 * the incident a row of another table belongs to.  The incident is looked up only
 * for officials who do not see the whole authority.
 */
Datum
osm_can_see_incident(PG_FUNCTION_ARGS)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {INT8OID, INT8OID};
	int64		authority_id = PG_GETARG_INT64(0);
	const Actor *actor = osm_actor_current();
	Datum		values[2];
	OsmOwnerRights rights;
	bool		visible = false;

	if (sees_authority(actor, authority_id))
		PG_RETURN_BOOL(true);
	if (actor == NULL || actor->authority_id != authority_id)
		PG_RETURN_BOOL(false);

	values[0] = PG_GETARG_DATUM(1);
	values[1] = PG_GETARG_DATUM(0);
	osm_become_owner(&rights);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
	if (osm_spi_look_up(&plan,
					"SELECT seen_by FROM osm.incident WHERE id OPERATOR(pg_catalog.=) $1 "
					"AND authority_id OPERATOR(pg_catalog.=) $2",
					2, types, values, NULL) == 1)
	{
		bool		isnull;
		Datum bodies = SPI_getbinval(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1, &isnull);

		visible = !isnull && sees_bodies(actor, DatumGetArrayTypeP(bodies));
	}
	SPI_finish();
	osm_become_user(&rights);
	PG_RETURN_BOOL(visible);
}
