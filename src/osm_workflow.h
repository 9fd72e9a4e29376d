/*-------------------------------------------------------------------------
 * osm_workflow.h
 *	  What all glue files share: error codes, settings, time, and the way
 *	  the tables are touched with their owner's rights.
 *-------------------------------------------------------------------------
 */
#ifndef OSM_WORKFLOW_H
#define OSM_WORKFLOW_H

#include "fmgr.h"
#include "utils/timestamp.h"

/* SQLSTATE class OW */
#define ERRCODE_OSM_STEP_NOT_ALLOWED	MAKE_SQLSTATE('O', 'W', '0', '0', '1')
#define ERRCODE_OSM_WRONG_PERSON		MAKE_SQLSTATE('O', 'W', '0', '0', '2')
#define ERRCODE_OSM_BAD_DATA			MAKE_SQLSTATE('O', 'W', '0', '0', '3')
#define ERRCODE_OSM_CONTENT				MAKE_SQLSTATE('O', 'W', '0', '0', '4')
#define ERRCODE_OSM_FORBIDDEN_MESSAGE	MAKE_SQLSTATE('O', 'W', '0', '0', '5')
#define ERRCODE_OSM_CHANNEL				MAKE_SQLSTATE('O', 'W', '0', '0', '6')
#define ERRCODE_OSM_CHANGED_MEANWHILE	MAKE_SQLSTATE('O', 'W', '0', '0', '7')
#define ERRCODE_OSM_APPEND_ONLY			MAKE_SQLSTATE('O', 'W', '0', '0', '8')
#define ERRCODE_OSM_UNKNOWN_CALENDAR	MAKE_SQLSTATE('O', 'W', '0', '0', '9')

/* settings, defined in osm_workflow.c */
extern char *osm_default_calendar;	/* osm_workflow.calendar */
extern bool osm_strict_calendar;	/* osm_workflow.strict_calendar */
extern char *osm_simulated_now; /* osm_workflow.simulated_now */
extern int	osm_worker_naptime; /* osm_workflow.naptime, seconds */
extern char *osm_worker_databases;	/* osm_workflow.databases */
extern int	osm_worker_idle;	/* osm_workflow.worker_idle, milliseconds */

extern TimestampTz osm_now(void);
extern bool osm_now_is_simulated(void);
extern char *osm_instant_iso(TimestampTz instant);

/* acting with the rights of the tables' owner, see osm_workflow.c */
typedef struct OsmOwnerRights
{
	Oid			save_userid;
	int			save_sec_context;
} OsmOwnerRights;

extern Oid	osm_relation(const char *name, bool missing_ok);
extern void osm_become_owner(OsmOwnerRights *saved);
extern void osm_become_user(const OsmOwnerRights *saved);

extern void osm_materialize(FunctionCallInfo fcinfo);

extern void osm_actor_init(void);	/* actor.c */

#endif							/* OSM_WORKFLOW_H */
