/*-------------------------------------------------------------------------
 * people.c
 *	  Who holds which role in an authority: to be told of a step, to answer
 *	  for a term.
 *
 * Every step asks, and the answer changes a few times a month, so the people of
 * an authority are read once per backend and again after any of their tables
 * changed (see actor.c); periods are checked against the date at each use.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "osm_workflow.h"
#include "people.h"
#include "spi_plan.h"

typedef struct Appointment
{
	int64		official_id;
	int64		body_id;
	char	   *role;
	DateADT		from;			/* first day */
	DateADT		until;			/* first day after */
} Appointment;

typedef struct Substitution
{
	int64		principal_id;
	int64		deputy_id;
	DateADT		from;
	DateADT		until;
} Substitution;

/* a body that counts on a calendar of its own */
typedef struct BodyCalendar
{
	int64		body_id;
	char	   *calendar;
} BodyCalendar;

typedef struct People
{
	int64		authority_id;	/* hash key */
	uint64		generation;		/* of the people tables */
	int			nappointments;
	Appointment *appointments;
	int			nsubstitutions;
	Substitution *substitutions;
	int			ncalendars;
	BodyCalendar *calendars;
	MemoryContext context;
} People;

static HTAB *peoples = NULL;

static void
load_appointments(People *people, Datum *values)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {INT8OID};

	people->nappointments = osm_spi_look_up(
		&plan,
		"SELECT official_id, body_id, role, pg_catalog.lower(during), pg_catalog.upper(during) "
		"FROM osm.appointment WHERE authority_id OPERATOR(pg_catalog.=) $1 ORDER BY official_id",
		1, types, values, NULL);
	MemoryContextSwitchTo(people->context);
	people->appointments = palloc(sizeof(Appointment) * Max(people->nappointments, 1));
	for (int i = 0; i < people->nappointments; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		Appointment *appointment = &people->appointments[i];

		appointment->official_id = osm_spi_int64(row, 1);
		appointment->body_id = osm_spi_int64(row, 2);
		appointment->role = osm_spi_text(row, 3);
		appointment->from = osm_spi_date(row, 4, DATEVAL_NOBEGIN);
		appointment->until = osm_spi_date(row, 5, DATEVAL_NOEND);
	}
}

static void
load_substitutions(People *people, Datum *values)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {INT8OID};

	people->nsubstitutions = osm_spi_look_up(
		&plan,
		"SELECT principal_id, deputy_id, pg_catalog.lower(during), pg_catalog.upper(during) "
		"FROM osm.substitution WHERE authority_id OPERATOR(pg_catalog.=) $1",
		1, types, values, NULL);
	MemoryContextSwitchTo(people->context);
	people->substitutions = palloc(sizeof(Substitution) * Max(people->nsubstitutions, 1));
	for (int i = 0; i < people->nsubstitutions; i++)
	{
		HeapTuple	row = SPI_tuptable->vals[i];
		Substitution *substitution = &people->substitutions[i];

		substitution->principal_id = osm_spi_int64(row, 1);
		substitution->deputy_id = osm_spi_int64(row, 2);
		substitution->from = osm_spi_date(row, 3, DATEVAL_NOBEGIN);
		substitution->until = osm_spi_date(row, 4, DATEVAL_NOEND);
	}
}

static void
load_calendars(People *people, Datum *values)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {INT8OID};

	people->ncalendars = osm_spi_look_up(
		&plan,
		"SELECT id, calendar FROM osm.body "
		"WHERE authority_id OPERATOR(pg_catalog.=) $1 AND calendar IS NOT NULL",
		1, types, values, NULL);
	MemoryContextSwitchTo(people->context);
	people->calendars = palloc(sizeof(BodyCalendar) * Max(people->ncalendars, 1));
	for (int i = 0; i < people->ncalendars; i++)
	{
		people->calendars[i].body_id = osm_spi_int64(SPI_tuptable->vals[i], 1);
		people->calendars[i].calendar = osm_spi_text(SPI_tuptable->vals[i], 2);
	}
}

/* people_of returns the people of an authority; good until the next call. */
static const People *
people_of(int64 authority_id)
{
	HASHCTL		control;
	OsmOwnerRights rights;
	Datum		value = Int64GetDatum(authority_id);
	People	   *people;
	People		loaded;
	MemoryContext caller = CurrentMemoryContext;
	uint64		generation = osm_people_generation();

	if (peoples == NULL)
	{
		memset(&control, 0, sizeof(control));
		control.keysize = sizeof(int64);
		control.entrysize = sizeof(People);
		control.hcxt = CacheMemoryContext;
		peoples = hash_create("osm_workflow people", 8, &control,
							  HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	people = hash_search(peoples, &authority_id, HASH_FIND, NULL);
	if (people != NULL && people->generation == generation)
		return people;

	memset(&loaded, 0, sizeof(loaded));
	loaded.authority_id = authority_id;
	loaded.generation = generation;
	loaded.context = AllocSetContextCreate(CurTransactionContext, "osm_workflow people",
										   ALLOCSET_SMALL_SIZES);
	osm_people_query_begin(&rights);
	load_appointments(&loaded, &value);
	load_substitutions(&loaded, &value);
	load_calendars(&loaded, &value);
	osm_people_query_end(&rights);
	MemoryContextSwitchTo(caller);
	MemoryContextSetParent(loaded.context, CacheMemoryContext);

	people = hash_search(peoples, &authority_id, HASH_FIND, NULL);
	if (people != NULL)
		MemoryContextDelete(people->context);
	people = hash_search(peoples, &authority_id, HASH_ENTER, NULL);
	*people = loaded;
	return people;
}

/* is_to_be_told tells whether a role is told, in one of the bodies if it counts there. */
static bool
is_to_be_told(const Appointment *appointment, const Act *act, const ActTexts *roles,
			  int nbodies, const int64 *bodies)
{
	bool		by_body = false;

	if (!osm_texts_contain(roles, appointment->role))
		return false;
	for (int i = 0; i < act->nroles; i++)
		by_body |= act->roles[i].scope != SCOPE_AUTHORITY &&
			strcmp(act->roles[i].name, appointment->role) == 0;
	for (int i = 0; i < nbodies && by_body; i++)
	{
		if (bodies[i] == appointment->body_id)
			return true;
	}
	return !by_body;
}

/*
 * osm_people_to_tell returns the officials to be told what an act wants told to
 * some roles, and their deputies, but not the actor: each once, sorted.  Roles
 * that count by assignment are told in the bodies given.
 */
int
osm_people_to_tell(int64 authority_id, const Act *act, const ActTexts *roles, DateADT day,
				   int nbodies, const int64 *bodies, int64 actor_id, int64 **officials)
{
	const People *people = people_of(authority_id);
	int64	   *ids = NULL;
	int			n = 0;
	int			allocated = 0;
	int			kept = 0;

	for (int i = 0; i < people->nappointments; i++)
	{
		const Appointment *appointment = &people->appointments[i];

		if (day < appointment->from || day >= appointment->until ||
			!is_to_be_told(appointment, act, roles, nbodies, bodies))
			continue;
		if (n + 1 + people->nsubstitutions > allocated)
		{
			allocated = (n + 1 + people->nsubstitutions) * 2;
			ids = ids == NULL ? palloc(sizeof(int64) * allocated) :
				repalloc(ids, sizeof(int64) * allocated);
		}
		ids[n++] = appointment->official_id;
		for (int j = 0; j < people->nsubstitutions; j++)
		{
			const Substitution *substitution = &people->substitutions[j];

			if (substitution->principal_id == appointment->official_id &&
				day >= substitution->from && day < substitution->until)
				ids[n++] = substitution->deputy_id;
		}
	}
	if (n > 1)
		qsort(ids, n, sizeof(int64), osm_compare_int64);
	for (int i = 0; i < n; i++)
	{
		if (ids[i] != actor_id && (kept == 0 || ids[kept - 1] != ids[i]))
			ids[kept++] = ids[i];
	}
	*officials = ids;
	return kept;
}

/* osm_people_one_body returns the one body whose officials hold a role, 0 for several or none. */
int64
osm_people_one_body(int64 authority_id, const char *role, DateADT day)
{
	const People *people = people_of(authority_id);
	int64		body_id = 0;

	for (int i = 0; i < people->nappointments; i++)
	{
		const Appointment *appointment = &people->appointments[i];

		if (day < appointment->from || day >= appointment->until ||
			appointment->body_id == body_id || strcmp(appointment->role, role) != 0)
			continue;
		if (body_id != 0)
			return 0;
		body_id = appointment->body_id;
	}
	return body_id;
}

/*
 * osm_people_one_official returns the one official who holds a role in a body, or
 * anywhere in the authority for body 0; 0 for several or none.
 */
int64
osm_people_one_official(int64 authority_id, const char *role, int64 body_id, DateADT day)
{
	const People *people = people_of(authority_id);
	int64		official_id = 0;

	for (int i = 0; i < people->nappointments; i++)
	{
		const Appointment *appointment = &people->appointments[i];

		if (day < appointment->from || day >= appointment->until ||
			(body_id != 0 && appointment->body_id != body_id) ||
			appointment->official_id == official_id || strcmp(appointment->role, role) != 0)
			continue;
		if (official_id != 0)
			return 0;
		official_id = appointment->official_id;
	}
	return official_id;
}

/* osm_people_calendar returns the name of the calendar a body counts on, NULL where it has none. */
const char *
osm_people_calendar(int64 authority_id, int64 body_id)
{
	const People *people = people_of(authority_id);

	for (int i = 0; i < people->ncalendars; i++)
	{
		if (people->calendars[i].body_id == body_id)
			return people->calendars[i].calendar;
	}
	return NULL;
}
