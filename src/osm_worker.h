/*-------------------------------------------------------------------------
 * osm_worker.h
 *	  The background worker as the rest of the library sees it.
 *-------------------------------------------------------------------------
 */
#ifndef OSM_WORKER_H
#define OSM_WORKER_H

#include "utils/timestamp.h"

extern void osm_worker_init(void);
extern void osm_worker_note_due(TimestampTz due);
extern void osm_worker_note_messages(void);
extern bool osm_is_subscriber(void);

/* tick.c: what the last osm.tick() of this process saw beyond what it returns */
extern void osm_tick_instants(TimestampTz *dealt_with, TimestampTz *later);

#endif							/* OSM_WORKER_H */
