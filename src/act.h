/*-------------------------------------------------------------------------
 * act.h
 *	  A regulation compiled for the trigger: all rows of one edition, in
 *	  arrays, with names resolved to pointers.
 *-------------------------------------------------------------------------
 */
#ifndef OSM_ACT_H
#define OSM_ACT_H

#include "osm_calendar.h"

/* what an action writes besides moving the state (osm.action.effect) */
typedef enum ActEffect
{
	EFFECT_NONE,
	EFFECT_REGISTER,
	EFFECT_ASSIGN,
	EFFECT_RELEASE,
	EFFECT_CONTRIBUTE,
	EFFECT_SUBMIT,
	EFFECT_ENDORSE,
	EFFECT_APPROVE,
	EFFECT_SEND_BACK,
	EFFECT_POST,
	EFFECT_CLASSIFY,
	EFFECT_SET_TERM,
	EFFECT_LINK_REPEAT,
	EFFECT_PUBLISH
} ActEffect;

typedef enum ActScope
{
	SCOPE_AUTHORITY,
	SCOPE_ASSIGNMENT,
	SCOPE_LEAD
} ActScope;

typedef enum ActStateKind
{
	STATE_INITIAL,
	STATE_OPEN,
	STATE_FINAL,
	STATE_FORBIDDEN
} ActStateKind;

typedef enum ActCheck
{
	CHECK_PRESENT,
	CHECK_ABSENT,
	CHECK_MAX_ITEMS,
	CHECK_MIN_ITEMS,
	CHECK_LISTED,
	CHECK_TICKED,
	CHECK_SAME_CHANNEL,
	CHECK_KNOWN_CHANNEL,
	CHECK_KNOWN_ACCOUNT,
	CHECK_MAX_LENGTH,
	CHECK_MIN_LENGTH,
	CHECK_WITHOUT_PHRASES,
	CHECK_RATE
} ActCheck;

typedef struct ActTexts
{
	int			n;
	char	  **items;
} ActTexts;

/* one key of applies_when: the key's value must be among the values */
typedef struct ActCondition
{
	char	   *key;
	ActTexts	values;
} ActCondition;

typedef struct ActConditions
{
	int			n;
	ActCondition *items;
} ActConditions;

/* "action" or "action/kind", as in clock_rule.starts_on; osm_step_kind() says which kinds */
typedef struct ActTrigger
{
	char	   *action;
	char	   *kind;			/* NULL: any */
} ActTrigger;

typedef struct ActTriggers
{
	int			n;
	ActTrigger *items;
} ActTriggers;

typedef struct ActRole
{
	char	   *name;
	char	   *title;
	ActScope	scope;
	bool		may_backdate;
} ActRole;

typedef struct ActState
{
	char	   *name;
	char	   *title;
	char	   *title_en;
	ActStateKind kind;
} ActState;

typedef struct ActAction
{
	char	   *name;
	char	   *title;
	char	   *title_en;
	ActEffect	effect;
	char	   *subject;		/* of notifications; NULL: the title */
	ActTexts	notifies;
	char	   *deliver_within; /* calendar; NULL: messages go out at any hour */
} ActAction;

typedef struct ActTransition
{
	ActAction  *action;
	ActState   *from;			/* NULL: registration */
	ActState   *to;				/* NULL: the state stays */
	int			nroles;
	ActRole   **roles;
	ActTexts	required;
	ActConditions when;
	char	   *clause;
} ActTransition;

typedef struct ActClockRule
{
	int64		id;
	char	   *name;
	ActTriggers starts_on;
	ActTriggers stops_on;
	ActTriggers cancels_on;
	ActTriggers pauses_on;
	ActTriggers resumes_on;
	struct ActClockRule *anchor;
	bool		has_term;
	BusinessInterval term;
	bool		has_urgent_term;
	BusinessInterval urgent_term;
	double		urgent_factor;	/* 0: none */
	struct ActClockRule *share_of;	/* NULL: the term is its own */
	double		share;
	char	   *counts_from;
	char	   *due_from;
	char	   *on_due;			/* action nobody takes; NULL: none */
	char	   *calendar;		/* NULL: the body's or the act's */
	bool		armed;
	char		scope;			/* 'i'ncident, 'a'ssignment, 'r'eply */
	bool		outer_term;
	ActRole    *responsible;
	bool		binding;
	int			nwarnings;
	BusinessInterval *warn_before;
	ActConditions when;
	char	   *clause;
} ActClockRule;

typedef struct ActContentRule
{
	char	   *name;
	char	   *title;
	ActTriggers applies_to;
	ActConditions when;
	ActCheck	check;
	char	   *key;
	ActTexts	unless;
	int			limit;
	ActTexts	phrases;
	BusinessInterval per;
	ActTexts	same;
	bool		warn_only;
	char	   *clause;
} ActContentRule;

typedef struct ActReason
{
	char	   *list;
	char	   *code;
	char	   *title;
	bool		closed_list;
	char	   *clause;
} ActReason;

typedef struct ActChannel
{
	char	   *name;
	char	   *account_kind;	/* NULL: the act is silent */
	char	   *clause;
} ActChannel;

typedef struct Act
{
	int64		id;
	TransactionId written_by;	/* an edition loaded again has the same id, but not this */
	char	   *code;
	char	   *edition;
	char	   *title;
	char	   *time_zone;
	char	   *calendar;
	bool		separate_bodies;	/* each of several bodies answers on its own */
	bool		bodies_by_choice;	/* or the step says so */
	bool		lead_contributes;	/* the leading body owes its part too */
	ActTexts	urgent_importance;
	int			nroles;
	ActRole    *roles;
	int			nstates;
	ActState   *states;
	int			nactions;
	ActAction  *actions;
	int			ntransitions;
	ActTransition *transitions;
	int			nclocks;
	ActClockRule *clocks;
	int			ncontents;
	ActContentRule *contents;
	int			nreasons;
	ActReason  *reasons;
	int			nchannels;
	ActChannel *channels;
	bool		other_channels;
	MemoryContext context;
	struct Act *next_stale;
} Act;

/* gives the value of a key of applies_when for a step; NULL where absent */
typedef const char *(*ActValueOf) (void *arg, const char *key);

extern Act *osm_act_get(int64 regulation_id);
extern int64 osm_act_edition(const char *code, TimestampTz detected_at);
extern ActState *osm_act_state(const Act *act, const char *name);
extern ActAction *osm_act_action(const Act *act, const char *name);
extern ActChannel *osm_act_channel(const Act *act, const char *name);
extern ActClockRule *osm_act_clock(const Act *act, int64 rule_id);
extern bool osm_conditions_hold(const ActConditions *when, ActValueOf value_of, void *arg);
extern bool osm_triggers_match(const ActTriggers *triggers, const char *action,
							   const char *kind);
extern bool osm_texts_contain(const ActTexts *texts, const char *text);

#endif							/* OSM_ACT_H */
