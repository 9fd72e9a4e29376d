/*-------------------------------------------------------------------------
 * actor.h
 *	  Who acts and who may see.
 *-------------------------------------------------------------------------
 */
#ifndef OSM_ACTOR_H
#define OSM_ACTOR_H

#include "utils/date.h"

/* one role of an actor, own or held as a deputy */
typedef struct ActorRole
{
	char	   *role;
	int64		body_id;
	int64		acting_for_id;	/* 0: own appointment */
	DateADT		from;			/* first day */
	DateADT		until;			/* first day after */
	bool		whole_authority;	/* a role of that scope in some act */
} ActorRole;

typedef struct Actor
{
	int64		official_id;	/* hash key */
	uint64		generation;		/* of the people tables */
	DateADT		day;			/* the bodies are those of this day */
	int64		authority_id;
	char	   *login;
	int			nroles;
	ActorRole  *roles;
	int			nbodies;		/* bodies whose incidents the actor may read, sorted */
	int64	   *bodies;
	MemoryContext context;
} Actor;

extern const Actor *osm_actor_current(void);
extern const ActorRole *osm_actor_role(const Actor *actor, const char *role, DateADT on_date,
									   int nbodies, const int64 *bodies);

#endif							/* OSM_ACTOR_H */
