/*-------------------------------------------------------------------------
 *
 * osmc_interval.h
 *	  Business intervals as text: business days and business time.
 *
 * The two parts never convert into each other: a business day is a date, not
 * a number of hours.
 *
 *-------------------------------------------------------------------------
 */
#ifndef OSMC_INTERVAL_H
#define OSMC_INTERVAL_H

#include "osmc.h"

typedef struct OsmcInterval
{
	int64_t		time;			/* microseconds of business time */
	int32_t		days;			/* business days */
} OsmcInterval;

/* Where in the text an error lies, in bytes; length 0 is the end of the text. */
typedef struct OsmcTextError
{
	size_t		position;
	size_t		length;
} OsmcTextError;

/* The longest canonical text is "-2147483648 business days -2562047788:00:54.775808". */
#define OSMC_INTERVAL_BUFFER 64

extern OsmcStatus osmc_interval_parse(const char *text, size_t length, OsmcInterval *value,
									  OsmcTextError *error);
extern size_t osmc_interval_format(const OsmcInterval *value, char buffer[OSMC_INTERVAL_BUFFER]);

#endif							/* OSMC_INTERVAL_H */
