/*-------------------------------------------------------------------------
 * step_content.c
 *	  What an act demands of the content of a reply and of where it is posted.
 *
 * Rules are rows of the act.  A rate is a rule over other rows: two posts at
 * once could each see room for one, so those that count against the same limit
 * wait for one another.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "executor/spi.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/formatting.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"
#include "utils/snapmgr.h"

#include "osm_workflow.h"
#include "spi_plan.h"
#include "step.h"

extern Datum osm_business_interval_out(PG_FUNCTION_ARGS);

/* is_about_channel tells which SQLSTATE a rule has: where something is posted, or what. */
static bool
is_about_channel(const ActContentRule *rule)
{
	return rule->check == CHECK_SAME_CHANNEL || rule->check == CHECK_KNOWN_CHANNEL ||
		rule->check == CHECK_KNOWN_ACCOUNT ||
		(rule->check == CHECK_RATE && !osm_texts_contain(&rule->same, "text"));
}

/*
 * text_of returns a key's text, NULL where it is absent.  A list or an object in
 * place of a text would slip past every rule about it.  Errors: OW003.
 */
static char *
text_of(Step *step, const ActContentRule *rule, Jsonb *document, const char *key)
{
	JsonbValue *value = osm_details_get(document, key);

	if (value != NULL && value->type == jbvBinary)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_BAD_DATA), errmsg("\"%s\" must be a single value", key),
				 errdetail("Incident %lld, step \"%s\", clause %s.",
						   (long long) step->incident_id, step->action->name, rule->clause),
				 errhint("Give it as text.")));
	return osm_details_text(document, key);
}

/* text_length counts the characters of a key's text, 0 where it is absent. */
static int
text_length(Step *step, const ActContentRule *rule)
{
	char	   *text = text_of(step, rule, osm_step_document(step, rule->key), rule->key);

	return text == NULL ? 0 : pg_mbstrlen(text);
}

/*
 * fold takes the case off a text.  A database of locale C folds nothing but ASCII,
 * so Cyrillic letters in UTF-8 are folded here.
 */
static char *
fold(const char *text)
{
	char	   *folded = str_tolower(text, strlen(text), DEFAULT_COLLATION_OID);

	if (GetDatabaseEncoding() != PG_UTF8)
		return folded;
	for (unsigned char *c = (unsigned char *) folded; *c != '\0'; c += pg_utf_mblen(c))
	{
		if (c[0] != 0xD0)
			continue;
		if (c[1] >= 0x80 && c[1] <= 0x8F)
		{
			c[0] = 0xD1;		/* U+0400..U+040F, among them U+0401 */
			c[1] += 0x10;
		}
		else if (c[1] >= 0x90 && c[1] <= 0x9F)
			c[1] += 0x20;		/* U+0410..U+041F */
		else if (c[1] >= 0xA0 && c[1] <= 0xAF)
		{
			c[0] = 0xD1;		/* U+0420..U+042F */
			c[1] -= 0x20;
		}
	}
	return folded;
}

/* banned_phrase returns the first phrase of a rule a text holds, whatever its case; else NULL. */
static const char *
banned_phrase(Step *step, const ActContentRule *rule)
{
	char	   *text = text_of(step, rule, osm_step_document(step, rule->key), rule->key);
	char	   *folded = text != NULL ? fold(text) : NULL;

	for (int i = 0; folded != NULL && i < rule->phrases.n; i++)
	{
		if (strstr(folded, fold(rule->phrases.items[i])) != NULL)
			return rule->phrases.items[i];
	}
	return NULL;
}

/*
 * account_is_known tells whether the account a reply is posted from is one that the
 * posting body, or one above it, has open in that channel.
 */
static bool
account_is_known(Step *step)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {INT8OID, INT8OID, TEXTOID, TEXTOID, DATEOID};
	char	   *account = osm_details_text(step->details, "account");
	char	   *channel = osm_details_text(step->details, "channel");
	Datum		values[5];
	int			n;

	if (account == NULL)
		return true;
	values[0] = Int64GetDatum(step->authority_id);
	values[1] = Int64GetDatum(step->actor_body_id);
	values[2] = CStringGetTextDatum(channel ? channel : osm_row_text(&step->after, COL_CHANNEL));
	values[3] = CStringGetTextDatum(account);
	values[4] = DateADTGetDatum(osm_step_date(step));
	n = osm_spi_run(
		&plan,
		"WITH RECURSIVE above (id, parent_id) AS ("
		"SELECT b.id, b.parent_id FROM osm.body AS b WHERE b.id OPERATOR(pg_catalog.=) $2 "
		"AND b.authority_id OPERATOR(pg_catalog.=) $1 "
		"UNION SELECT p.id, p.parent_id FROM above AS a JOIN osm.body AS p "
		"ON p.id OPERATOR(pg_catalog.=) a.parent_id AND p.authority_id OPERATOR(pg_catalog.=) $1) "
		"SELECT FROM osm.account AS c JOIN above AS a ON c.body_id OPERATOR(pg_catalog.=) a.id "
		"WHERE c.authority_id OPERATOR(pg_catalog.=) $1 AND c.channel OPERATOR(pg_catalog.=) $3 "
		"AND c.url OPERATOR(pg_catalog.=) $4 "
		"AND COALESCE(c.opened_on OPERATOR(pg_catalog.<=) $5, true) "
		"AND COALESCE(c.closed_on OPERATOR(pg_catalog.>) $5, true) LIMIT 1",
		5, types, values, NULL, SPI_OK_SELECT);
	MemoryContextSwitchTo(step->context);
	return n > 0;
}

/* rate_begins gives the instant from which replies count against a rate. */
static TimestampTz
rate_begins(Step *step, const ActContentRule *rule)
{
	BusinessInterval time = {rule->per.time, 0, 0};
	OsmCalendar *calendar = osm_calendar_get(step->act->calendar);
	TimestampTz begins = step->occurred_at;

	if (rule->per.days > 0)
		begins = DatumGetTimestampTz(DirectFunctionCall2(
			timestamp_zone, CStringGetTextDatum(step->act->time_zone),
			DirectFunctionCall1(date_timestamp,
								DateADTGetDatum(osm_step_date(step) - (rule->per.days - 1)))));
	if (time.time > 0)
		begins = osm_calendar_subtract(calendar, begins, &time, NULL);
	return begins;
}

/*
 * rate_is_kept tells whether there is room for one more reply under a rate.  Those
 * posted are counted as of now, not as of the transaction's snapshot: who waited
 * for the lock must see what the other posted.
 */
static bool
rate_is_kept(Step *step, const ActContentRule *rule)
{
	static SPIPlanPtr plan = NULL;
	static const Oid types[] = {INT8OID, TIMESTAMPTZOID, TEXTOID, TEXTOID, TEXTOID};
	static const char *const keys[] = {"text", "account", "channel"};
	Datum		values[5];
	char		nulls[6] = "     ";
	uint64		shared = (uint64) step->authority_id;
	int			code;

	for (int i = 0; i < (int) lengthof(keys); i++)
	{
		char	   *value;

		nulls[i + 2] = 'n';
		if (!osm_texts_contain(&rule->same, keys[i]))
			continue;
		value = text_of(step, rule, i == 0 ? osm_step_reply(step) : step->details, keys[i]);
		/* what was not stated cannot be the same as another's */
		if (value == NULL)
			return true;
		values[i + 2] = CStringGetTextDatum(value);
		nulls[i + 2] = ' ';
		shared = hash_bytes_extended((const unsigned char *) value, strlen(value), shared + i);
	}
	DirectFunctionCall1(pg_advisory_xact_lock_int8, Int64GetDatum((int64) shared));
	values[0] = Int64GetDatum(step->authority_id);
	values[1] = TimestampTzGetDatum(rate_begins(step, rule));
	code = SPI_execute_snapshot(
		osm_spi_plan(
			&plan,
			"SELECT FROM osm.reply WHERE authority_id OPERATOR(pg_catalog.=) $1 "
			"AND state OPERATOR(pg_catalog.=) 'posted' AND posted_at OPERATOR(pg_catalog.>=) $2 "
			"AND ($3 IS NULL OR content OPERATOR(pg_catalog.->>) 'text' OPERATOR(pg_catalog.=) $3) "
			"AND ($4 IS NULL OR posted_account OPERATOR(pg_catalog.=) $4) "
			"AND ($5 IS NULL OR posted_channel OPERATOR(pg_catalog.=) $5)",
			5, types),
		values, nulls, GetLatestSnapshot(), InvalidSnapshot, false, false, 0);
	if (code != SPI_OK_SELECT)
		elog(ERROR, "SPI_execute_snapshot returned %s", SPI_result_code_string(code));
	MemoryContextSwitchTo(step->context);
	return (int) SPI_processed < rule->limit;
}

static void
content_error(Step *step, const ActContentRule *rule, int code)
{
	ereport(ERROR,
			(errcode(code), errmsg("clause %s is not met: %s", rule->clause, rule->title),
			 errdetail("Incident %lld, step \"%s\", regulation \"%s\" edition \"%s\", rule \"%s\".",
					   (long long) step->incident_id, step->action->name, step->act->code,
					   step->act->edition, rule->name),
			 rule->check == CHECK_TICKED
				 ? errhint("Tick \"%s\" in details.checklist once it is so.", rule->key)
			 : rule->check == CHECK_SAME_CHANNEL || rule->check == CHECK_KNOWN_CHANNEL
				 ? errhint("The message is in channel \"%s\".",
						   osm_row_text(&step->after, COL_CHANNEL)
							   ? osm_row_text(&step->after, COL_CHANNEL)
							   : "")
			 : rule->check == CHECK_MAX_ITEMS || rule->check == CHECK_MIN_ITEMS
				 ? errhint("The limit on \"%s\" is %d.", rule->key, rule->limit)
			 : rule->check == CHECK_MAX_LENGTH || rule->check == CHECK_MIN_LENGTH
				 ? errhint("The limit on \"%s\" is %d characters.", rule->key, rule->limit)
			 : rule->check == CHECK_WITHOUT_PHRASES
				 ? errhint("\"%s\" must not hold \"%s\".", rule->key,
						   banned_phrase(step, rule))
			 : rule->check == CHECK_RATE
				 ? errhint("No more than %d within %s.", rule->limit,
						   DatumGetCString(DirectFunctionCall1(
							   osm_business_interval_out, PointerGetDatum(&rule->per))))
			 : rule->check == CHECK_KNOWN_ACCOUNT
				 ? errhint("Give as details.account one that osm.record_account() has registered.")
			 : rule->check == CHECK_ABSENT ? errhint("Leave \"%s\" out.", rule->key)
			 : rule->check == CHECK_LISTED
				 ? errhint("\"%s\" may be: %s.", rule->key, osm_reason_codes(step->act, rule->key))
				 : errhint("Give \"%s\" in the details.", rule->key)));
}

static bool
content_is_met(Step *step, const ActContentRule *rule)
{
	switch (rule->check)
	{
		case CHECK_PRESENT:
			return osm_details_has(osm_step_document(step, rule->key), rule->key);
		case CHECK_ABSENT:
			return !osm_details_has(osm_step_document(step, rule->key), rule->key);
		case CHECK_MAX_ITEMS:
			return osm_details_length(osm_step_document(step, rule->key), rule->key) <= rule->limit;
		case CHECK_MIN_ITEMS:
			return osm_details_length(osm_step_document(step, rule->key), rule->key) >= rule->limit;
		case CHECK_TICKED:
			return osm_details_true(step->details, "checklist", rule->key);
		case CHECK_LISTED:
			{
				char	   *value = osm_details_text(osm_step_document(step, rule->key), rule->key);

				if (value == NULL)
					return !osm_details_has(osm_step_document(step, rule->key), rule->key);
				return osm_find_reason(step->act, rule->key, value) != NULL;
			}
		case CHECK_SAME_CHANNEL:
			{
				char	   *channel = osm_details_text(step->details, "channel");

				return channel == NULL ||
					strcmp(channel, osm_row_text(&step->after, COL_CHANNEL)) == 0;
			}
		case CHECK_KNOWN_CHANNEL:
			{
				char *channel = step->action->effect == EFFECT_REGISTER
									? osm_row_text(&step->after, COL_CHANNEL)
									: osm_details_text(step->details, "channel");

				return channel == NULL || step->act->other_channels ||
					osm_act_channel(step->act, channel) != NULL;
			}
		case CHECK_KNOWN_ACCOUNT:
			return account_is_known(step);
		case CHECK_MAX_LENGTH:
			return text_length(step, rule) <= rule->limit;
		case CHECK_MIN_LENGTH:
			return text_length(step, rule) >= rule->limit;
		case CHECK_WITHOUT_PHRASES:
			return banned_phrase(step, rule) == NULL;
		case CHECK_RATE:
			return rate_is_kept(step, rule);
	}
	return true;
}

/* check_account_kind refuses a reply from the wrong kind of account, where the act names kinds. */
static void
check_account_kind(Step *step)
{
	char	   *given = osm_details_text(step->details, "account_kind");
	char	   *channel_name = osm_details_text(step->details, "channel");
	ActChannel *channel;

	if (given == NULL || channel_name == NULL)
		return;
	channel = osm_act_channel(step->act, channel_name);
	if (channel == NULL || channel->account_kind == NULL ||
		strcmp(channel->account_kind, given) == 0)
		return;
	ereport(ERROR, (errcode(ERRCODE_OSM_CHANNEL),
					errmsg("in channel \"%s\" the reply comes from an account of kind \"%s\"",
						   channel_name, channel->account_kind),
					errdetail("Incident %lld, regulation \"%s\" edition \"%s\", clause %s.",
							  (long long) step->incident_id, step->act->code, step->act->edition,
							  channel->clause),
					errhint("Post from that account and give its kind as details.account_kind.")));
}

/*
 * osm_step_check_contents holds a step to the content rules of the act.  Errors:
 * OW004, OW006.  SPI is connected.
 */
void
osm_step_check_contents(Step *step)
{
	if (step->action->effect == EFFECT_POST || step->action->effect == EFFECT_PUBLISH)
		check_account_kind(step);
	for (int i = 0; i < step->act->ncontents; i++)
	{
		const ActContentRule *rule = &step->act->contents[i];
		int			code = is_about_channel(rule) ? ERRCODE_OSM_CHANNEL : ERRCODE_OSM_CONTENT;
		int			given = 0;

		if (!osm_triggers_match(&rule->applies_to, step->action->name, osm_step_kind(step)) ||
			!osm_conditions_hold(&rule->when, osm_step_value, step) ||
			content_is_met(step, rule))
			continue;

		for (int j = 0; j < rule->unless.n; j++)
			given +=
				osm_details_has(osm_step_document(step, rule->unless.items[j]),
								rule->unless.items[j]);
		if (rule->unless.n > 0 && given == rule->unless.n)
			continue;
		if (rule->warn_only)
		{
			if (step->warnings == NULL)
				step->warnings = makeStringInfo();
			appendStringInfoString(step->warnings, step->warnings->len == 0 ? "[" : ",");
			appendStringInfoString(step->warnings, "{\"rule\":");
			escape_json(step->warnings, rule->name);
			appendStringInfoString(step->warnings, ",\"clause\":");
			escape_json(step->warnings, rule->clause);
			appendStringInfoChar(step->warnings, '}');
			continue;
		}
		if (given > 0)
			ereport(
				ERROR,
				(errcode(code), errmsg("clause %s is not met: %s", rule->clause, rule->title),
				 errdetail(
					 "Incident %lld, step \"%s\": only some of the data that would lift the rule are given.",
					 (long long) step->incident_id, step->action->name),
				 errhint(
					 "Rule \"%s\" is lifted by all of its keys together; see content_rule.unless.",
					 rule->name)));
		content_error(step, rule, code);
	}
}

