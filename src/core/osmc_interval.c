/*-------------------------------------------------------------------------
 *
 * osmc_interval.c
 *	  Business intervals as text: parsing and the canonical form.
 *
 * The text comes from users and in any encoding, so it is bytes here: ASCII
 * means what it says, every byte from 0x80 up is part of a word, and a word is
 * only ever compared with the list below (upper-case Cyrillic is folded two
 * bytes at a time when both are there).  Nothing steps over a character by its
 * supposed length.
 *
 * Amounts are exact: decimal fractions are multiplied out digit by digit and
 * rounded once, half away from zero, to the microsecond.  No floating point.
 *
 *-------------------------------------------------------------------------
 */
#include "osmc_interval.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The units, as indexes; a word of another meaning has one of the values after them. */
typedef enum WordMeaning
{
	UNIT_DAYS,
	UNIT_HOURS,
	UNIT_MINUTES,
	UNIT_SECONDS,
	WORD_BUSINESS,				/* "business" before a unit, or before "time" */
	WORD_TIME,					/* "time" after "business" */
	WORD_REFUSED,				/* has a meaning, but none in business time */
	WORD_UNKNOWN
} WordMeaning;

static const int64_t unit_usecs[] = {
	0, OSMC_USECS_PER_HOUR, OSMC_USECS_PER_MINUTE, OSMC_USECS_PER_SECOND
};

typedef struct Word
{
	const char *text;			/* lower case, UTF-8 */
	WordMeaning meaning;
} Word;

static const Word words[] = {
	{"d", UNIT_DAYS}, {"day", UNIT_DAYS}, {"days", UNIT_DAYS}, {"bd", UNIT_DAYS},
	{"bday", UNIT_DAYS}, {"bdays", UNIT_DAYS},
	{"h", UNIT_HOURS}, {"hr", UNIT_HOURS}, {"hrs", UNIT_HOURS}, {"hour", UNIT_HOURS},
	{"hours", UNIT_HOURS},
	{"m", UNIT_MINUTES}, {"min", UNIT_MINUTES}, {"mins", UNIT_MINUTES},
	{"minute", UNIT_MINUTES}, {"minutes", UNIT_MINUTES},
	{"s", UNIT_SECONDS}, {"sec", UNIT_SECONDS}, {"secs", UNIT_SECONDS},
	{"second", UNIT_SECONDS}, {"seconds", UNIT_SECONDS},
	{"business", WORD_BUSINESS}, {"working", WORD_BUSINESS}, {"time", WORD_TIME},
	{"w", WORD_REFUSED}, {"wk", WORD_REFUSED}, {"wks", WORD_REFUSED}, {"week", WORD_REFUSED},
	{"weeks", WORD_REFUSED}, {"mo", WORD_REFUSED}, {"mon", WORD_REFUSED},
	{"mons", WORD_REFUSED}, {"month", WORD_REFUSED}, {"months", WORD_REFUSED},
	{"quarter", WORD_REFUSED}, {"quarters", WORD_REFUSED}, {"y", WORD_REFUSED},
	{"yr", WORD_REFUSED}, {"yrs", WORD_REFUSED}, {"year", WORD_REFUSED},
	{"years", WORD_REFUSED}, {"calendar", WORD_REFUSED},

	{"д", UNIT_DAYS}, {"дн", UNIT_DAYS}, {"день", UNIT_DAYS}, {"дня", UNIT_DAYS},
	{"дней", UNIT_DAYS}, {"дни", UNIT_DAYS}, {"рд", UNIT_DAYS},
	{"ч", UNIT_HOURS}, {"час", UNIT_HOURS}, {"часа", UNIT_HOURS}, {"часов", UNIT_HOURS},
	{"часы", UNIT_HOURS},
	{"м", UNIT_MINUTES}, {"мин", UNIT_MINUTES}, {"минута", UNIT_MINUTES},
	{"минуты", UNIT_MINUTES}, {"минуту", UNIT_MINUTES}, {"минут", UNIT_MINUTES},
	{"с", UNIT_SECONDS}, {"сек", UNIT_SECONDS}, {"секунда", UNIT_SECONDS},
	{"секунды", UNIT_SECONDS}, {"секунду", UNIT_SECONDS}, {"секунд", UNIT_SECONDS},
	{"р", WORD_BUSINESS}, {"раб", WORD_BUSINESS}, {"рабочий", WORD_BUSINESS},
	{"рабочая", WORD_BUSINESS}, {"рабочее", WORD_BUSINESS}, {"рабочие", WORD_BUSINESS},
	{"рабочих", WORD_BUSINESS}, {"рабочего", WORD_BUSINESS}, {"рабочей", WORD_BUSINESS},
	{"рабочую", WORD_BUSINESS}, {"времени", WORD_TIME},
	{"нед", WORD_REFUSED}, {"неделя", WORD_REFUSED}, {"недели", WORD_REFUSED},
	{"неделю", WORD_REFUSED}, {"недель", WORD_REFUSED},
	{"мес", WORD_REFUSED}, {"месяц", WORD_REFUSED}, {"месяца", WORD_REFUSED},
	{"месяцев", WORD_REFUSED}, {"месяцы", WORD_REFUSED},
	{"квартал", WORD_REFUSED}, {"квартала", WORD_REFUSED}, {"кварталов", WORD_REFUSED},
	{"г", WORD_REFUSED}, {"год", WORD_REFUSED}, {"года", WORD_REFUSED},
	{"годы", WORD_REFUSED}, {"лет", WORD_REFUSED},
	{"сутки", WORD_REFUSED}, {"суток", WORD_REFUSED},
	{"календарный", WORD_REFUSED}, {"календарная", WORD_REFUSED},
	{"календарное", WORD_REFUSED}, {"календарные", WORD_REFUSED},
	{"календарных", WORD_REFUSED}, {"календарного", WORD_REFUSED}
};

/* Longer than the longest word above; anything that does not fit is unknown. */
#define WORD_BUFFER 32

/* A decimal number as it stands in the text. */
typedef struct Number
{
	bool		negative;
	bool		overflow;		/* the whole part exceeds 64 bits */
	uint64_t	whole;
	const char *fraction;		/* its digits, or NULL */
	size_t		fraction_length;
	size_t		position;		/* first byte, the sign included */
	size_t		length;
} Number;

typedef struct Parser
{
	const char *text;
	size_t		length;
	size_t		at;
	OsmcTextError *error;

	bool		seen[4];		/* by unit */
	uint64_t	positive;		/* sums of magnitudes, saturating; */
	uint64_t	negative;		/* apart, so that order does not matter */
	int32_t		days;
} Parser;

static bool
is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool
is_word_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (unsigned char) c >= 0x80;
}

/* The byte at an offset from here, or NUL past the end (a NUL means nothing in any form). */
static char
peek(const Parser *p, size_t offset)
{
	return offset < p->length - p->at ? p->text[p->at + offset] : '\0';
}

static void
skip_space(Parser *p)
{
	while (p->at < p->length && is_space(p->text[p->at]))
		p->at++;
}

static OsmcStatus
fail(Parser *p, OsmcStatus status, size_t position, size_t length)
{
	if (p->error != NULL)
	{
		p->error->position = position;
		p->error->length = length;
	}
	return status;
}

/* Fails at what stands here, up to the next space. */
static OsmcStatus
fail_here(Parser *p, OsmcStatus status)
{
	size_t		end = p->at;

	while (end < p->length && !is_space(p->text[end]))
		end++;
	return fail(p, status, p->at, end - p->at);
}

/*
 * Copies a word in lower case: ASCII, and Cyrillic in UTF-8 (upper case is D0
 * 90..AF, its counterparts have two bytes as well; no word has the letter yo).
 */
static void
fold(const char *from, size_t length, char *to)
{
	size_t		i;

	for (i = 0; i < length; i++)
	{
		unsigned char c = (unsigned char) from[i];

		if (c >= 'A' && c <= 'Z')
			to[i] = (char) (c + 0x20);
		else if (c == 0xD0 && i + 1 < length)
		{
			unsigned char next = (unsigned char) from[++i];

			if (next >= 0xA0 && next <= 0xAF)
			{
				to[i - 1] = (char) 0xD1;
				next = (unsigned char) (next - 0x20);
			}
			else
			{
				to[i - 1] = (char) c;
				if (next >= 0x90 && next <= 0x9F)
					next = (unsigned char) (next + 0x20);
			}
			to[i] = (char) next;
		}
		else
			to[i] = (char) c;
	}
}

/*
 * Reads the word that stands here, if one does.  A full stop behind it belongs
 * to it ("мин.", "р.д.") unless a digit follows.
 */
static WordMeaning
read_word(Parser *p, size_t *position, size_t *length)
{
	char		folded[WORD_BUFFER];
	size_t		i;

	*position = p->at;
	while (p->at < p->length && is_word_byte(p->text[p->at]))
		p->at++;
	*length = p->at - *position;
	if (peek(p, 0) == '.' && *length > 0 && !is_digit(peek(p, 1)))
		p->at++;

	if (*length == 0 || *length > sizeof(folded))
		return WORD_UNKNOWN;
	fold(p->text + *position, *length, folded);
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
	{
		if (strlen(words[i].text) == *length && memcmp(words[i].text, folded, *length) == 0)
			return words[i].meaning;
	}
	return WORD_UNKNOWN;
}

/* Reads digits as a whole number; overflow saturates. */
static uint64_t
read_digits(Parser *p, bool *overflow)
{
	uint64_t	value = 0;

	while (is_digit(peek(p, 0)))
	{
		unsigned	digit = (unsigned) (peek(p, 0) - '0');

		if (value > (UINT64_MAX - digit) / 10)
			*overflow = true;
		else
			value = value * 10 + digit;
		p->at++;
	}
	return value;
}

/* Reads [sign] digits [(. or ,) digits]; false if no such thing stands here. */
static bool
read_number(Parser *p, Number *number)
{
	size_t		start = p->at;
	bool		digits;

	memset(number, 0, sizeof(*number));
	number->position = start;
	if (peek(p, 0) == '-' || peek(p, 0) == '+')
	{
		number->negative = peek(p, 0) == '-';
		p->at++;
	}
	digits = is_digit(peek(p, 0));
	number->whole = read_digits(p, &number->overflow);
	if ((peek(p, 0) == '.' || peek(p, 0) == ',') && is_digit(peek(p, 1)))
	{
		digits = true;
		p->at++;
		number->fraction = p->text + p->at;
		while (is_digit(peek(p, 0)))
			p->at++;
		number->fraction_length = (size_t) (p->text + p->at - number->fraction);
	}
	number->length = p->at - start;
	if (!digits)
		p->at = start;
	return digits;
}

/*
 * 0.DIGITS times a unit, rounded half away from zero.
 *
 * Horner's scheme from the last digit: every step divides by ten.  What earlier
 * steps lost is less than one, so the remainder of the last division alone says
 * whether half or more is missing.
 */
static uint64_t
fraction_of(const Number *number, uint64_t unit)
{
	uint64_t	value = 0;
	uint64_t	remainder = 0;
	size_t		i;

	for (i = number->fraction_length; i-- > 0;)
	{
		uint64_t	dividend = (uint64_t) (number->fraction[i] - '0') * unit + value;

		value = dividend / 10;
		remainder = dividend % 10;
	}
	return value + (remainder >= 5 ? 1 : 0);
}

/* Adds an amount of time to the running sums. */
static void
accumulate(Parser *p, uint64_t magnitude, bool negative)
{
	uint64_t   *sum = negative ? &p->negative : &p->positive;

	*sum = magnitude > UINT64_MAX - *sum ? UINT64_MAX : *sum + magnitude;
}

/* Takes number times unit into the value. */
static OsmcStatus
take(Parser *p, const Number *number, WordMeaning unit, size_t position, size_t length)
{
	const uint64_t limit = (uint64_t) INT64_MAX + 1;	/* |INT64_MIN| */
	size_t		i;

	if (p->seen[unit])
		return fail(p, OSMC_UNIT_TWICE, position, length);
	p->seen[unit] = true;

	if (unit == UNIT_DAYS)
	{
		for (i = 0; i < number->fraction_length; i++)
		{
			if (number->fraction[i] != '0')
				return fail(p, OSMC_FRACTION_OF_DAY, number->position, number->length);
		}
		if (number->overflow
			|| number->whole > (uint64_t) INT32_MAX + (number->negative ? 1 : 0))
			return fail(p, OSMC_OUT_OF_RANGE, number->position, number->length);
		p->days = (int32_t) (number->negative ? -(int64_t) number->whole
							 : (int64_t) number->whole);
	}
	else
	{
		uint64_t	usecs = (uint64_t) unit_usecs[unit];
		uint64_t	magnitude;

		if (number->overflow || number->whole > limit / usecs)
			return fail(p, OSMC_OUT_OF_RANGE, number->position, number->length);
		magnitude = number->whole * usecs + fraction_of(number, usecs);
		if (magnitude > limit)
			return fail(p, OSMC_OUT_OF_RANGE, number->position, number->length);
		accumulate(p, magnitude, number->negative);
	}
	return OSMC_OK;
}

/* Reads ":MM" of a clock; two digits below 60. */
static OsmcStatus
read_sexagesimal(Parser *p, uint64_t *value)
{
	if (!is_digit(peek(p, 1)) || !is_digit(peek(p, 2)) || is_digit(peek(p, 3)))
		return fail_here(p, OSMC_BAD_TEXT);
	*value = (uint64_t) ((peek(p, 1) - '0') * 10 + (peek(p, 2) - '0'));
	if (*value > 59)
		return fail(p, OSMC_OUT_OF_RANGE, p->at + 1, 2);
	p->at += 3;
	return OSMC_OK;
}

/* [sign] HH:MM[:SS[.fraction]], the hours being read; the sign is that of all. */
static OsmcStatus
read_clock(Parser *p, const Number *hours)
{
	const uint64_t limit = (uint64_t) INT64_MAX + 1;
	uint64_t	minutes;
	uint64_t	seconds = 0;
	uint64_t	rest;
	Number		fraction = {0};
	OsmcStatus	status;
	int			unit;

	status = read_sexagesimal(p, &minutes);
	if (status != OSMC_OK)
		return status;
	if (peek(p, 0) == ':')
	{
		status = read_sexagesimal(p, &seconds);
		if (status != OSMC_OK)
			return status;
		/* what follows the two digits can only be a fraction: reads no whole part */
		if (peek(p, 0) == '.' || peek(p, 0) == ',')
		{
			if (!read_number(p, &fraction))
				return fail_here(p, OSMC_BAD_TEXT);
		}
	}
	if (p->at < p->length && !is_space(peek(p, 0)) && peek(p, 0) != '-' && peek(p, 0) != '+')
		return fail_here(p, OSMC_BAD_TEXT);

	for (unit = UNIT_HOURS; unit <= UNIT_SECONDS; unit++)
	{
		if (p->seen[unit])
			return fail(p, OSMC_UNIT_TWICE, hours->position, p->at - hours->position);
		p->seen[unit] = true;
	}

	rest = minutes * (uint64_t) OSMC_USECS_PER_MINUTE + seconds * (uint64_t) OSMC_USECS_PER_SECOND
		+ fraction_of(&fraction, (uint64_t) OSMC_USECS_PER_SECOND);
	if (hours->overflow || hours->whole > limit / (uint64_t) OSMC_USECS_PER_HOUR)
		return fail(p, OSMC_OUT_OF_RANGE, hours->position, p->at - hours->position);
	accumulate(p, hours->whole * (uint64_t) OSMC_USECS_PER_HOUR + rest, hours->negative);
	return OSMC_OK;
}

/* Skips "business time" where it may stand, after an amount. */
static OsmcStatus
skip_business_time(Parser *p)
{
	size_t		position;
	size_t		length;

	skip_space(p);
	if (!is_word_byte(peek(p, 0)))
		return OSMC_OK;
	if (read_word(p, &position, &length) != WORD_BUSINESS)
		return fail(p, OSMC_BAD_TEXT, position, length);
	skip_space(p);
	if (read_word(p, &position, &length) != WORD_TIME)
		return fail(p, OSMC_BAD_TEXT, position, length);
	return OSMC_OK;
}

/* Amounts with their units, and a clock, in any order. */
static OsmcStatus
parse_amounts(Parser *p)
{
	do
	{
		Number		number;
		WordMeaning meaning;
		size_t		position;
		size_t		length;
		OsmcStatus	status;

		if (!read_number(p, &number))
			return fail_here(p, OSMC_BAD_TEXT);
		if (peek(p, 0) == ':' && number.fraction == NULL)
			status = read_clock(p, &number);
		else
		{
			skip_space(p);
			if (!is_word_byte(peek(p, 0)))
				return fail(p, OSMC_BAD_TEXT, number.position, number.length);
			meaning = read_word(p, &position, &length);
			if (meaning == WORD_BUSINESS)
			{
				skip_space(p);
				if (!is_word_byte(peek(p, 0)))
					return fail(p, OSMC_BAD_TEXT, position, length);
				meaning = read_word(p, &position, &length);
			}
			if (meaning == WORD_REFUSED)
				return fail(p, OSMC_UNIT_REFUSED, position, length);
			if (meaning > UNIT_SECONDS)
				return fail(p, OSMC_BAD_TEXT, position, length);
			status = take(p, &number, meaning, position, length);
		}
		if (status == OSMC_OK)
			status = skip_business_time(p);
		if (status != OSMC_OK)
			return status;
		skip_space(p);
	} while (p->at < p->length);
	return OSMC_OK;
}

/* [sign] P[nD][T[nH][nM][nS]], the sign being read; a sign before P is that of all. */
static OsmcStatus
parse_iso(Parser *p, bool negative)
{
	bool		after_t = false;
	bool		any = false;

	p->at++;					/* P */
	while (p->at < p->length && !is_space(p->text[p->at]))
	{
		Number		number;
		WordMeaning unit;
		OsmcStatus	status;

		if (!after_t && (peek(p, 0) == 'T' || peek(p, 0) == 't'))
		{
			p->at++;
			after_t = true;
			any = false;		/* something must follow */
			continue;
		}
		if (!read_number(p, &number))
			return fail_here(p, OSMC_BAD_TEXT);
		number.negative ^= negative;
		switch (peek(p, 0))
		{
			case 'D':
			case 'd':
				unit = after_t ? WORD_UNKNOWN : UNIT_DAYS;
				break;
			case 'H':
			case 'h':
				unit = after_t ? UNIT_HOURS : WORD_UNKNOWN;
				break;
			case 'M':
			case 'm':
				unit = after_t ? UNIT_MINUTES : WORD_REFUSED;
				break;
			case 'S':
			case 's':
				unit = after_t ? UNIT_SECONDS : WORD_UNKNOWN;
				break;
			case 'W':
			case 'w':
			case 'Y':
			case 'y':
				unit = after_t ? WORD_UNKNOWN : WORD_REFUSED;
				break;
			default:
				unit = WORD_UNKNOWN;
				break;
		}
		if (unit == WORD_UNKNOWN)
			return fail_here(p, OSMC_BAD_TEXT);
		if (unit == WORD_REFUSED)
			return fail(p, OSMC_UNIT_REFUSED, p->at, 1);
		status = take(p, &number, unit, p->at, 1);
		if (status != OSMC_OK)
			return status;
		p->at++;
		any = true;
	}
	if (!any)
		return fail_here(p, OSMC_BAD_TEXT);
	skip_space(p);
	if (p->at < p->length)
		return fail_here(p, OSMC_BAD_TEXT);
	return OSMC_OK;
}

/*
 * osmc_interval_parse reads an interval from length bytes of text (no
 * terminator needed).
 *
 * Forms: amounts with units in English or Russian ("2 business days 1.5 hours",
 * "9 рабочих часов", "30 минут рабочего времени", "-4h"), a clock
 * ("-04:30:15.5"), amounts and a clock, ISO 8601 ("P2DT4H30M").  Any case;
 * every amount has its own sign (a clock has one, and so may the whole ISO
 * form); each unit at most once.  A decimal point may be a comma.  Each amount
 * of hours, minutes and seconds is rounded to the microsecond, half away from
 * zero, and must fit the type by itself.
 *
 * Returns OSMC_BAD_TEXT, OSMC_UNIT_TWICE, OSMC_UNIT_REFUSED,
 * OSMC_FRACTION_OF_DAY or OSMC_OUT_OF_RANGE and sets *error (which may be
 * NULL) to the bytes at fault; *value is then untouched.
 */
OsmcStatus
osmc_interval_parse(const char *text, size_t length, OsmcInterval *value, OsmcTextError *error)
{
	Parser		p = {0};
	OsmcStatus	status;
	size_t		sign;

	p.text = text;
	p.length = length;
	p.error = error;

	skip_space(&p);
	sign = peek(&p, 0) == '-' || peek(&p, 0) == '+' ? 1 : 0;
	if (peek(&p, sign) == 'P' || peek(&p, sign) == 'p')
	{
		bool		negative = peek(&p, 0) == '-';

		p.at += sign;
		status = parse_iso(&p, negative);
	}
	else
		status = parse_amounts(&p);
	if (status != OSMC_OK)
		return status;

	if (p.positive >= p.negative)
	{
		if (p.positive - p.negative > (uint64_t) INT64_MAX)
			return fail(&p, OSMC_OUT_OF_RANGE, 0, length);
		value->time = (int64_t) (p.positive - p.negative);
	}
	else
	{
		uint64_t	magnitude = p.negative - p.positive;

		if (magnitude > (uint64_t) INT64_MAX + 1)
			return fail(&p, OSMC_OUT_OF_RANGE, 0, length);
		value->time = -(int64_t) (magnitude - 1) - 1;
	}
	value->days = p.days;
	return OSMC_OK;
}

/*
 * osmc_interval_format writes the canonical text and returns its length
 * without the terminator.  Independent of any locale, and read back as the
 * same value: "2 business days 04:30:00", "1 business day", "-00:30:00",
 * "00:00:00".  Time after negative days shows its plus sign.
 */
size_t
osmc_interval_format(const OsmcInterval *value, char buffer[OSMC_INTERVAL_BUFFER])
{
	uint64_t	usecs = value->time < 0 ? 0 - (uint64_t) value->time : (uint64_t) value->time;
	uint64_t	seconds = usecs / (uint64_t) OSMC_USECS_PER_SECOND;
	unsigned	fraction = (unsigned) (usecs % (uint64_t) OSMC_USECS_PER_SECOND);
	int			length = 0;

	if (value->days != 0)
		length = snprintf(buffer, OSMC_INTERVAL_BUFFER, "%" PRId32 " business day%s", value->days,
						  value->days == 1 || value->days == -1 ? "" : "s");
	if (value->days == 0 || usecs != 0)
	{
		const char *sign = value->time < 0 ? "-" : value->days < 0 ? "+" : "";

		length += snprintf(buffer + length, (size_t) (OSMC_INTERVAL_BUFFER - length),
						   "%s%s%02" PRIu64 ":%02u:%02u", value->days != 0 ? " " : "", sign,
						   seconds / 3600, (unsigned) (seconds / 60 % 60),
						   (unsigned) (seconds % 60));
		if (fraction != 0)
		{
			length += snprintf(buffer + length, (size_t) (OSMC_INTERVAL_BUFFER - length),
							   ".%06u", fraction);
			while (buffer[length - 1] == '0')
				buffer[--length] = '\0';
		}
	}
	return (size_t) length;
}
