/*-------------------------------------------------------------------------
 * people.h
 *	  Who holds which role in an authority.
 *-------------------------------------------------------------------------
 */
#ifndef OSM_PEOPLE_H
#define OSM_PEOPLE_H

#include "act.h"
#include "osm_workflow.h"
#include "utils/date.h"

extern int	osm_people_to_tell(int64 authority_id, const Act *act, const ActTexts *roles,
							   DateADT day, int nbodies, const int64 *bodies, int64 actor_id,
							   int64 **officials);
extern int64 osm_people_one_body(int64 authority_id, const char *role, DateADT day);
extern int64 osm_people_one_official(int64 authority_id, const char *role, int64 body_id,
									 DateADT day);
extern const char *osm_people_calendar(int64 authority_id, int64 body_id);

/* actor.c */
extern uint64 osm_people_generation(void);
extern void osm_people_query_begin(OsmOwnerRights *rights);
extern void osm_people_query_end(const OsmOwnerRights *rights);
extern int	osm_compare_int64(const void *a, const void *b);

#endif							/* OSM_PEOPLE_H */
