/* Shell patterns over one name. */
#ifndef GLOB_H
#define GLOB_H

#include <stdbool.h>

/* A pattern's parts: * any characters, ? one, [a-z] one of, [^a-z] or [!a-z] one but, \c the
 * character itself. A character is one of UTF-8, or a byte that is none. */
bool glob_valid(const char *pattern);
/* Of a valid pattern; neither * nor anything else matches a slash. */
bool glob_match(const char *pattern, const char *name);

#endif
