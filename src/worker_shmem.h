/*-------------------------------------------------------------------------
 * worker_shmem.h
 *	  Shared memory of the background worker: what the launcher, the workers
 *	  and every committing session tell each other.
 *-------------------------------------------------------------------------
 */
#ifndef OSM_WORKER_SHMEM_H
#define OSM_WORKER_SHMEM_H

#include "port/atomics.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "utils/timestamp.h"

/*
 * Databases served at the same time.  A slot takes some 1.8 kB of shared memory,
 * and nobody walks over more slots than have ever been in use.
 */
#define OSM_WORKER_DATABASES 1024

/* a worker is started this long before an instant is due, microseconds */
#define OSM_WORKER_HEAD_START INT64CONST(100000)

/* wait between a change that asks for a look and the look, microseconds */
#define OSM_WORKER_SETTLE INT64CONST(1000000)

/* time between two looks at whether calendars are known far enough, microseconds */
#define OSM_WORKER_CALENDARS INT64CONST(3600000000)

/*
 * Lag histogram: exact below 16 microseconds, then eight buckets to the octave,
 * so a percentile is at most an eighth too high; the last one holds the rest.
 */
#define OSM_LAG_EXACT 16
#define OSM_LAG_BUCKETS (OSM_LAG_EXACT + 40 * 8)

/* what the last look into a database found; for display only */
typedef enum OsmDatabaseState
{
	OSM_DATABASE_UNKNOWN,		/* nobody has looked yet */
	OSM_DATABASE_NO_EXTENSION,
	OSM_DATABASE_NO_TABLES,		/* osm.install() has not been called */
	OSM_DATABASE_INCOMPLETE,	/* being restored: an index or a trigger is missing */
	OSM_DATABASE_OTHER_VERSION, /* ALTER EXTENSION UPDATE is to be run */
	OSM_DATABASE_NOT_COORDINATOR,	/* the coordinator of the cluster acts */
	OSM_DATABASE_SUBSCRIBER,	/* the publisher's worker acts */
	OSM_DATABASE_BUSY,			/* somebody holds a lock that goes before ours */
	OSM_DATABASE_FAILED,		/* the last pass ended in an error */
	OSM_DATABASE_READY
} OsmDatabaseState;

/*
 * One database.  Everything is protected by OsmWorkerShared.lock, except that
 * next_due may be read without it.
 *
 * A pass sets next_due to "never" before it takes its snapshot and lowers it
 * afterwards to what it found.  So a session that commits a due instant the pass
 * could not see has lowered it meanwhile and is not overwritten.
 *
 * What a pass had to leave, as somebody works on the incident, is kept apart and
 * tried again by look_at: as next_due it would hide whatever falls due after it.
 */
typedef struct OsmWorkerSlot
{
	Oid			database;		/* InvalidOid in a free slot */
	bool		served;			/* by name and kind, says the launcher */
	bool		starting;		/* asked for, has not reported yet */
	bool		in_pass;		/* next_due does not count until the pass ends */
	TimestampTz pass_due;		/* next_due as the pass began */
	pid_t		worker_pid;		/* 0 when no worker runs */
	Latch	   *worker_latch;
	OsmDatabaseState state;
	pg_atomic_uint64 next_due;	/* TimestampTz on osm.now()'s clock; DT_NOEND never */
	TimestampTz look_at;		/* a worker is wanted then, whatever is due; DT_NOEND never */
	TimestampTz not_before;		/* no worker before: a failure or a lock on the tables */
	TimestampTz held;			/* due, but the last pass had to leave it; DT_NOEND none */
	TimestampTz simulated_now;	/* osm.now() of the last pass if simulated; DT_NOBEGIN if not */
	TimestampTz last_look;		/* 0 never */
	TimestampTz last_pass;		/* 0 never */
	int64		passes;
	int64		breaches;
	int64		warnings;
	int64		reports;
	int			calendars_short;	/* calendars to be loaded soon; -1 not known */
	uint32		calendars_said; /* hash of what was last said of them; 0 nothing */
	TimestampTz calendars_read; /* when they were looked at; 0 never */
	int64		lag_max;		/* microseconds */
	uint32		lag[OSM_LAG_BUCKETS];
	int			failures;		/* in a row */
	int			said_code;		/* the error last said since it last worked; 0 none */
	int			stalls;			/* passes in a row that left what was due */
	int			error_code;		/* packed SQLSTATE of the last error */
	TimestampTz error_at;		/* 0 never */
	char		error[256];
} OsmWorkerSlot;

typedef struct OsmWorkerShared
{
	LWLock	   *lock;
	pid_t		launcher_pid;	/* 0 when none runs */
	Latch	   *launcher_latch;
	TimestampTz launcher_started;
	TimestampTz launcher_wakes_at;	/* when it will wake by itself */
	int64		launcher_wakes; /* times it came back from its sleep */
	int64		workers_started;
	bool		rescan;			/* the list of databases has changed */
	bool		full;			/* a database found no slot */
	bool		crowded;		/* a database waits for another's worker to end */
	TimestampTz asked_at;		/* when a session last missed its database's slot */
	int			slots_used;		/* slots from here on have never been in use */
	OsmWorkerSlot slots[OSM_WORKER_DATABASES];
} OsmWorkerShared;

/* what one pass came to; instants are on the clock of osm.now() */
typedef struct OsmPass
{
	OsmDatabaseState state;
	int			breaches;
	int			warnings;
	bool		was_due;		/* not a look ahead of time */
	int			moved;	/* incidents recalculated or acted on */
	int			reports;		/* periodic reports frozen */
	TimestampTz next_due;		/* DT_NOEND when nothing is */
	TimestampTz later;			/* next_due without what is due by now and had to be left */
	TimestampTz dealt_with;		/* earliest instant flagged or warned of; DT_NOEND none */
	bool		simulated;
	TimestampTz now;			/* osm.now() of the pass */
	int			calendars_short;	/* by osm_read_calendars() */
	char		calendars[256]; /* their names and ends, as many as there is room for */
} OsmPass;

/* NULL when the library was not preloaded */
extern OsmWorkerShared *osm_worker_shared;

extern OsmWorkerSlot *osm_slot_find(Oid database, bool create);
extern TimestampTz osm_slot_due_at(const OsmWorkerSlot *slot);
extern TimestampTz osm_slot_wanted_at(const OsmWorkerSlot *slot);
extern void osm_slot_put_back(OsmWorkerSlot *slot);
extern TimestampTz osm_slot_next_due(const OsmWorkerSlot *slot);
extern void osm_slot_set_next_due(OsmWorkerSlot *slot, TimestampTz due);
extern void osm_slot_fail(OsmWorkerSlot *slot, TimestampTz now, int code, const char *message);
extern void osm_slot_lag(OsmWorkerSlot *slot, int64 lag);
extern int64 osm_slot_lag_percentile(const OsmWorkerSlot *slot, double fraction);
extern const char *osm_database_state_name(OsmDatabaseState state);

/* worker_calendars.c: whether calendars are known far enough */
extern void osm_read_calendars(OsmPass *pass);
extern void osm_report_calendars(OsmWorkerSlot *slot, const char *database, const OsmPass *pass,
								 const ErrorData *error);

/* launcher.c: settings of the launcher and of workers */
extern void osm_worker_pin_settings(void);

/* worker_signal.c: what sessions tell the launcher */
extern void osm_worker_signal_init(void);

#endif							/* OSM_WORKER_SHMEM_H */
