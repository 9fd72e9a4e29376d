/*-------------------------------------------------------------------------
 * details.c
 *	  The data of a step: a jsonb object read key by key, and the form in
 *	  which it enters the evidence.
 *
 * Evidence must outlive the erasure of personal text, so text enters an event
 * only as a digest salted per incident: with the salt erased, the digest says
 * nothing and the chain still verifies.
 *-------------------------------------------------------------------------
 */
#include "postgres.h"
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

#include "catalog/pg_type.h"
#include "common/cryptohash.h"
#include "common/sha2.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/date.h"
#include "utils/numeric.h"

#include "osm_workflow.h"
#include "step.h"

/* keys whose text may be personal: it stays in the work tables only */
static const char *const personal_keys[] = {
	"text", "author", "author_link", "url", "comment", "contribution"
};

/* osm_details_get returns the value of a key, NULL if absent or null. */
JsonbValue *
osm_details_get(Jsonb *details, const char *key)
{
	JsonbValue *value;

	if (details == NULL || !JB_ROOT_IS_OBJECT(details))
		return NULL;
	value = getKeyJsonValueFromContainer(&details->root, key, strlen(key), NULL);
	return value == NULL || value->type == jbvNull ? NULL : value;
}

static char *
scalar_text(const JsonbValue *value)
{
	switch (value->type)
	{
		case jbvString:
			return pnstrdup(value->val.string.val, value->val.string.len);
		case jbvBool:
			return pstrdup(value->val.boolean ? "true" : "false");
		case jbvNumeric:
			return DatumGetCString(DirectFunctionCall1(numeric_out,
													   NumericGetDatum(value->val.numeric)));
		default:
			return NULL;
	}
}

/* osm_details_text returns a scalar key as text, NULL if absent or no scalar. */
char *
osm_details_text(Jsonb *details, const char *key)
{
	JsonbValue *value = osm_details_get(details, key);

	return value == NULL ? NULL : scalar_text(value);
}

/* osm_details_length returns the number of items: of an array; 1 for other values, 0 for none. */
int
osm_details_length(Jsonb *details, const char *key)
{
	JsonbValue *value = osm_details_get(details, key);

	if (value == NULL)
		return 0;
	if (value->type == jbvBinary)
		return JsonContainerSize(value->val.binary.data);
	if (value->type == jbvString)
	{
		for (int i = 0; i < value->val.string.len; i++)
		{
			if (strchr(" \t\r\n", value->val.string.val[i]) == NULL)
				return 1;
		}
		return 0;
	}
	return 1;
}

/* osm_details_has tells whether a key holds anything: no blank text, no empty array or object. */
bool
osm_details_has(Jsonb *details, const char *key)
{
	return osm_details_length(details, key) > 0;
}

/* osm_details_true tells whether details.object.key is true. */
bool
osm_details_true(Jsonb *details, const char *object, const char *key)
{
	JsonbValue *value = osm_details_get(details, object);
	JsonbValue *member;

	if (value == NULL || value->type != jbvBinary || !JsonContainerIsObject(value->val.binary.data))
		return false;
	member = getKeyJsonValueFromContainer(value->val.binary.data, key, strlen(key), NULL);
	return member != NULL && member->type == jbvBool && member->val.boolean;
}

/* osm_details_list returns a key's strings: of an array, or the one it is. */
char	  **
osm_details_list(Jsonb *details, const char *key, int *n)
{
	JsonbValue *value = osm_details_get(details, key);
	char	  **items;

	*n = 0;
	if (value == NULL)
		return NULL;
	if (value->type == jbvBinary && JsonContainerIsArray(value->val.binary.data))
	{
		uint32		size = JsonContainerSize(value->val.binary.data);

		items = palloc0(sizeof(char *) * Max(size, 1));
		for (uint32 i = 0; i < size; i++)
		{
			JsonbValue *item = getIthJsonbValueFromContainer(value->val.binary.data, i);
			char	   *text = scalar_text(item);

			if (text != NULL)
				items[(*n)++] = text;
		}
		return items;
	}
	items = palloc0(sizeof(char *));
	items[0] = scalar_text(value);
	*n = items[0] != NULL ? 1 : 0;
	return items;
}

/* instant_context names the key in whatever error a bad timestamp ends with; arg is the key. */
static void
instant_context(void *arg)
{
	errcontext("key \"%s\" of the step's details", (const char *) arg);
}

/*
 * read_instant reads a key as an instant: a timestamp (the session's zone where it
 * names none), or a date, which means midnight of that day, put off by some days,
 * in the given zone.  The caller has checked that the key is there.  Errors: OW003 for what is
 * no single value or infinite, else 22007 and its kin, as PostgreSQL reports bad
 * timestamps.
 */
static TimestampTz
read_instant(Jsonb *details, const char *key, const char *time_zone, int day_offset)
{
	char	   *text = osm_details_text(details, key);
	ErrorContextCallback context = {error_context_stack, instant_context, (void *) key};
	TimestampTz instant;

	if (text == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OSM_BAD_DATA),
				 errmsg("\"%s\" must be a date or a timestamp", key),
				 errhint("Give it as text, e.g. \"2026-11-23 18:00+07\".")));
	error_context_stack = &context;
	if (strlen(text) == 10 && strspn(text, "0123456789-") == 10)
	{
		DateADT		day = DatumGetDateADT(DirectFunctionCall1(date_in, CStringGetDatum(text)));
		Datum		local = TimestampGetDatum((Timestamp) (day + day_offset) * USECS_PER_DAY);

		instant = DatumGetTimestampTz(DirectFunctionCall2(timestamp_zone,
														  CStringGetTextDatum(time_zone), local));
	}
	else
		instant = DatumGetTimestampTz(DirectFunctionCall3(timestamptz_in, CStringGetDatum(text),
														  ObjectIdGetDatum(InvalidOid),
														  Int32GetDatum(-1)));
	error_context_stack = context.previous;
	if (TIMESTAMP_NOT_FINITE(instant))
		ereport(ERROR,
				(errcode(ERRCODE_OSM_BAD_DATA),
				 errmsg("\"%s\" must be a date or a timestamp", key),
				 errdetail("Infinity is neither.")));
	return instant;
}

/* osm_details_instant: as above; a date means the end of that day. */
TimestampTz
osm_details_instant(Jsonb *details, const char *key, const char *time_zone)
{
	return read_instant(details, key, time_zone, 1);
}

/* osm_details_day: as above; a date means the beginning of that day, to count from. */
TimestampTz
osm_details_day(Jsonb *details, const char *key, const char *time_zone)
{
	return read_instant(details, key, time_zone, 0);
}

/* salted_digest returns hex(sha256(salt || text)). */
static char *
salted_digest(bytea *salt, const char *text, int length)
{
	pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);
	uint8		digest[PG_SHA256_DIGEST_LENGTH];
	char	   *hex = palloc(PG_SHA256_DIGEST_LENGTH * 2 + 1);

	if (hash == NULL || pg_cryptohash_init(hash) < 0 ||
		pg_cryptohash_update(hash, (const uint8 *) VARDATA_ANY(salt), VARSIZE_ANY_EXHDR(salt)) <
			0 ||
		pg_cryptohash_update(hash, (const uint8 *) text, length) < 0 ||
		pg_cryptohash_final(hash, digest, sizeof(digest)) < 0)
		elog(ERROR, "could not compute a SHA-256 digest");
	pg_cryptohash_free(hash);
	hex_encode((const char *) digest, sizeof(digest), hex);
	hex[PG_SHA256_DIGEST_LENGTH * 2] = '\0';
	return hex;
}

/* osm_push_key begins a member of the object under construction; a value is to follow. */
void
osm_push_key(JsonbParseState **state, const char *key)
{
	JsonbValue	value;

	value.type = jbvString;
	value.val.string.val = (char *) key;
	value.val.string.len = strlen(key);
	pushJsonbValue(state, WJB_KEY, &value);
}

static void
push_string(JsonbParseState **state, const char *text)
{
	JsonbValue	value;

	value.type = jbvString;
	value.val.string.val = (char *) text;
	value.val.string.len = strlen(text);
	pushJsonbValue(state, WJB_VALUE, &value);
}

/* osm_push_text adds a text to the object under construction; neither is copied. */
void
osm_push_text(JsonbParseState **state, const char *key, const char *text)
{
	osm_push_key(state, key);
	push_string(state, text);
}

/* osm_push_number adds a whole number to the object under construction. */
void
osm_push_number(JsonbParseState **state, const char *key, int64 number)
{
	JsonbValue	value;

	osm_push_key(state, key);
	value.type = jbvNumeric;
	value.val.numeric = int64_to_numeric(number);
	pushJsonbValue(state, WJB_VALUE, &value);
}

static void
push_digest(JsonbParseState **state, const char *key, bytea *salt, const char *text, int length)
{
	osm_push_key(state, key);
	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	osm_push_text(state, "sha256", salted_digest(salt, text, length));
	pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

static bool
is_personal(const char *key, int length)
{
	for (int i = 0; i < (int) lengthof(personal_keys); i++)
	{
		if (strlen(personal_keys[i]) == (size_t) length &&
			strncmp(personal_keys[i], key, length) == 0)
			return true;
	}
	return false;
}

/* push_document pushes a whole jsonb object (the text of it given) under a key. */
static void
push_document(JsonbParseState **state, const char *key, const char *json)
{
	Jsonb	   *document = DatumGetJsonbP(DirectFunctionCall1(jsonb_in, CStringGetDatum(json)));
	JsonbValue	value;

	osm_push_key(state, key);
	JsonbToJsonbValue(document, &value);
	pushJsonbValue(state, WJB_VALUE, &value);
}

/*
 * push_clean pushes what is in an object or array, its own brackets only where it
 * is nested, with every value under a personal key as a digest, at any depth.
 */
static void
push_clean(JsonbParseState **state, JsonbContainer *container, bytea *salt, bool nested)
{
	JsonbIterator *iterator = JsonbIteratorInit(container);
	JsonbIteratorToken token;
	JsonbValue	value;
	char	   *key = NULL;

	check_stack_depth();
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			key = pnstrdup(value.val.string.val, value.val.string.len);
			continue;
		}
		if (token != WJB_VALUE && token != WJB_ELEM)
		{
			if (nested)
				pushJsonbValue(state, token, NULL);
			continue;
		}
		if (token == WJB_VALUE && is_personal(key, strlen(key)))
		{
			StringInfoData text;

			initStringInfo(&text);
			if (value.type == jbvString)
				appendBinaryStringInfo(&text, value.val.string.val, value.val.string.len);
			else if (value.type == jbvBinary)
				JsonbToCString(&text, value.val.binary.data, value.val.binary.len);
			else
				appendStringInfoString(&text, scalar_text(&value) ? scalar_text(&value) : "");
			push_digest(state, key, salt, text.data, text.len);
			continue;
		}
		if (token == WJB_VALUE)
			osm_push_key(state, key);
		if (value.type == jbvBinary)
			push_clean(state, value.val.binary.data, salt, true);
		else
			pushJsonbValue(state, token, &value);
	}
}

/*
 * osm_details_for_event returns the step's details as they enter the event:
 * values under personal keys as salted digests, wherever they stand; the
 * message's own text, author and address likewise at the registration; what
 * happened to clocks and what was warned of added.
 */
Jsonb *
osm_details_for_event(const Step *step)
{
	JsonbParseState *state = NULL;
	bytea	   *salt = DatumGetByteaPP(step->after.values[COL_SALT]);
	static const IncidentColumn message[] = {COL_TEXT, COL_AUTHOR, COL_URL};

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	if (step->details != NULL)
		push_clean(&state, &step->details->root, salt, false);
	if (step->from == NULL)
	{
		static const IncidentColumn plain[] = { COL_CHANNEL, COL_TOPIC, COL_PLACE, COL_IMPORTANCE,
												COL_KIND };

		for (int i = 0; i < (int) lengthof(message); i++)
		{
			char	   *text = osm_row_text(&step->after, message[i]);

			if (text != NULL)
				push_digest(&state, osm_incident_column_name(message[i]), salt, text, strlen(text));
		}
		for (int i = 0; i < (int) lengthof(plain); i++)
		{
			char	   *text = osm_row_text(&step->after, plain[i]);

			if (text != NULL)
				osm_push_text(&state, osm_incident_column_name(plain[i]), text);
		}
	}
	if (step->clock_notes != NULL)
	{
		JsonbParseState *notes = step->clock_notes;

		osm_push_key(&state, "clocks");
		pushJsonbValue(&state, WJB_VALUE, pushJsonbValue(&notes, WJB_END_ARRAY, NULL));
	}
	if (step->warnings != NULL && step->warnings->len > 0)
	{
		appendStringInfoChar(step->warnings, ']');
		push_document(&state, "warnings", step->warnings->data);
	}
	return JsonbValueToJsonb(pushJsonbValue(&state, WJB_END_OBJECT, NULL));
}
