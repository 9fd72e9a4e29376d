/*-------------------------------------------------------------------------
 * worker_signal.c
 *	  What sessions tell the launcher: a term that falls due, a database that
 *	  has come or gone, tables that have become complete.
 *
 * Everything is told after commit, from a place that must not fail: only plain
 * shared memory and latches are touched there.  A step commits thousands of times
 * a second and nearly always with a due instant later than the earliest one known,
 * so that case takes no lock.
 *
 * Terms do not only arise by steps.  A restored database, a copied one and a
 * transaction that was prepared by another session bring running terms nobody
 * notes; hence the look at utility statements.  Even so a note can be missed
 * (rows applied by replication): the launcher looks at every database again from
 * time to time.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "tcop/utility.h"
#include "utils/timestamp.h"

#include "osm_workflow.h"
#include "osm_worker.h"
#include "worker_shmem.h"

/* how long messages are gathered before mailers are told of them, microseconds */
#define MESSAGES_GATHER INT64CONST(100000)

static ProcessUtility_hook_type previous_utility = NULL;

/* of the current transaction */
static TimestampTz pending_due = DT_NOEND;
static bool pending_messages = false;
static bool pending_look = false;
static bool pending_prepared = false;
static bool pending_rescan = false;

/* where this session's database was found last */
static OsmWorkerSlot *own_slot = NULL;

/*
 * wake tells whoever has to act on the slot: its worker, or the launcher if it
 * sleeps longer than that.  The caller holds the lock.
 */
static void
wake(OsmWorkerSlot *slot)
{
	OsmWorkerShared *shared = osm_worker_shared;

	if (slot->worker_latch != NULL)
		SetLatch(slot->worker_latch);
	else if (shared->launcher_latch != NULL && !slot->starting &&
			 slot->served && osm_slot_wanted_at(slot) < shared->launcher_wakes_at)
		SetLatch(shared->launcher_latch);
}

/*
 * own_slot_locked finds the slot of this session's database, NULL when it has none.
 * Then the launcher is asked to read the list of databases; if this one is on it, a
 * worker looks into it after that, and so finds what was noted.  If not, it is not
 * to be served: the launcher is asked once a second, not at every step of all the
 * sessions of a busy database.
 */
static OsmWorkerSlot *
own_slot_locked(void)
{
	OsmWorkerShared *shared = osm_worker_shared;
	TimestampTz now;

	own_slot = osm_slot_find(MyDatabaseId, false);
	if (own_slot != NULL)
		return own_slot;
	now = GetCurrentTimestamp();
	if (now - shared->asked_at >= OSM_WORKER_SETTLE)
	{
		shared->asked_at = now;
		shared->rescan = true;
		if (shared->launcher_latch != NULL)
			SetLatch(shared->launcher_latch);
	}
	return NULL;
}

/*
 * publish_due lowers the database's next due instant.
 *
 * Without the lock the slot may be given to another database under our eyes, but
 * not while a session, this one, is connected to its own.  The barrier keeps the
 * read behind the end of our transaction: a pass that has reset the instant before
 * we read it may not see our rows, one that resets it later does.
 */
static void
publish_due(TimestampTz due)
{
	OsmWorkerSlot *slot = own_slot;

	pg_memory_barrier();
	if (slot != NULL && slot->database == MyDatabaseId && osm_slot_next_due(slot) <= due)
		return;

	LWLockAcquire(osm_worker_shared->lock, LW_EXCLUSIVE);
	slot = own_slot_locked();
	if (slot != NULL && due < osm_slot_next_due(slot))
	{
		osm_slot_set_next_due(slot, due);
		wake(slot);
	}
	LWLockRelease(osm_worker_shared->lock);
}

/*
 * publish_look asks for a look at this session's database; with only_known not if
 * the extension was not there.  Not at once: what asks comes in bursts (a restore
 * creates index after index).
 */
static void
publish_look(bool only_known)
{
	OsmWorkerSlot *slot;

	LWLockAcquire(osm_worker_shared->lock, LW_EXCLUSIVE);
	slot = own_slot_locked();
	if (slot != NULL && !(only_known && slot->state == OSM_DATABASE_NO_EXTENSION))
	{
		slot->look_at = Min(slot->look_at, GetCurrentTimestamp() + OSM_WORKER_SETTLE);
		wake(slot);
	}
	LWLockRelease(osm_worker_shared->lock);
}

static void
publish_rescan(void)
{
	LWLockAcquire(osm_worker_shared->lock, LW_EXCLUSIVE);
	osm_worker_shared->rescan = true;
	if (osm_worker_shared->launcher_latch != NULL)
		SetLatch(osm_worker_shared->launcher_latch);
	LWLockRelease(osm_worker_shared->lock);
}

/*
 * at_transaction_end publishes what a committed transaction noted and forgets what
 * an aborted one did.  A prepared one is forgotten too: its rows appear when
 * somebody, perhaps after a restart, commits it, and that statement asks for a
 * look.  What an aborted subtransaction noted is kept, at the price of a pass that
 * finds nothing.
 */
static void
at_transaction_end(XactEvent event, void *arg)
{
	TimestampTz due = pending_due;
	bool		messages = pending_messages;
	bool		look = pending_look;
	bool		prepared = pending_prepared;
	bool		rescan = pending_rescan;

	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE)
		return;
	if (due == DT_NOEND && !messages && !look && !prepared && !rescan)
		return;
	pending_due = DT_NOEND;
	pending_messages = false;
	pending_look = pending_prepared = pending_rescan = false;
	if (event != XACT_EVENT_COMMIT || osm_worker_shared == NULL || !OidIsValid(MyDatabaseId))
		return;
	if (rescan)
		publish_rescan();
	if (look || prepared)
		publish_look(!look);
	if (messages)
		publish_due(osm_now_is_simulated() ? osm_now() - 1 :
					GetCurrentTimestamp() + MESSAGES_GATHER);
	if (due != DT_NOEND)
	{
		/* a term recorded late is late by itself: the worker's lag counts from now */
		publish_due(osm_now_is_simulated() ? due : Max(due, GetCurrentTimestamp()));
	}
}

/*
 * osm_worker_note_due notes that in this transaction something was set to fall due at
 * an instant (on the clock of osm.now()): a term, a warning, a message, a lease.  It
 * is acted on at commit.  Without preload it does nothing.
 */
void
osm_worker_note_due(TimestampTz due)
{
	if (osm_worker_shared != NULL && due < pending_due)
		pending_due = due;
}

PG_FUNCTION_INFO_V1(osm_note_due);

/* osm.note_due(instant): the same for functions in SQL. */
Datum
osm_note_due(PG_FUNCTION_ARGS)
{
	osm_worker_note_due(PG_GETARG_TIMESTAMPTZ(0));
	PG_RETURN_VOID();
}

/*
 * osm_worker_note_messages notes that this transaction leaves messages for mailers,
 * who are told after its commit.  Of many such commits all but the first find that
 * somebody comes anyway, which costs them no lock.
 */
void
osm_worker_note_messages(void)
{
	if (osm_worker_shared != NULL)
		pending_messages = true;
}

/* is_ours says whether a statement names a table of schema osm. */
static bool
is_ours(const RangeVar *relation)
{
	return relation != NULL && relation->schemaname != NULL &&
		strcmp(relation->schemaname, "osm") == 0;
}

/*
 * after_utility remembers statements after which running terms may be there that
 * no step noted.
 */
static void
after_utility(Node *statement, bool *look, bool *prepared, bool *rescan)
{
	switch (nodeTag(statement))
	{
		case T_CreatedbStmt:
		case T_DropdbStmt:
		case T_AlterDatabaseStmt:
			*rescan = true;
			break;
		case T_RenameStmt:
			*rescan = ((RenameStmt *) statement)->renameType == OBJECT_DATABASE;
			break;
		case T_CreateExtensionStmt:
			*look = strcmp(((CreateExtensionStmt *) statement)->extname, "osm_workflow") == 0;
			break;
		case T_AlterExtensionStmt:
			*look = strcmp(((AlterExtensionStmt *) statement)->extname, "osm_workflow") == 0;
			break;
		case T_IndexStmt:
			*look = is_ours(((IndexStmt *) statement)->relation);
			break;
		case T_CreateTrigStmt:
			*look = is_ours(((CreateTrigStmt *) statement)->relation);
			break;
		case T_ReindexStmt:		/* of an index that was broken; it may name a schema */
		case T_CreateSubscriptionStmt:
		case T_AlterSubscriptionStmt:
		case T_DropSubscriptionStmt:
			*look = true;
			break;
		case T_TransactionStmt:
			*prepared = ((TransactionStmt *) statement)->kind == TRANS_STMT_COMMIT_PREPARED;
			break;
		default:
			break;
	}
}

static void
utility(PlannedStmt *pstmt, const char *query_string, bool read_only_tree,
		ProcessUtilityContext context, ParamListInfo params, QueryEnvironment *environment,
		DestReceiver *destination, QueryCompletion *completion)
{
	bool		look = false;
	bool		prepared = false;
	bool		rescan = false;

	/* the tree may be gone afterwards */
	after_utility(pstmt->utilityStmt, &look, &prepared, &rescan);

	if (previous_utility)
		previous_utility(pstmt, query_string, read_only_tree, context, params, environment,
						 destination, completion);
	else
		standard_ProcessUtility(pstmt, query_string, read_only_tree, context, params,
								environment, destination, completion);

	pending_look |= look;
	pending_prepared |= prepared;
	pending_rescan |= rescan;
}

/* osm_worker_signal_init installs the callback and the hook; in the postmaster. */
void
osm_worker_signal_init(void)
{
	RegisterXactCallback(at_transaction_end, NULL);
	previous_utility = ProcessUtility_hook;
	ProcessUtility_hook = utility;
}
