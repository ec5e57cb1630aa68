/* The main process's watch over the pool. */
#ifndef JAILER_GUARD_H
#define JAILER_GUARD_H

#include "jailer.h"

/* Looks at the pool and does what is needed; returns after how many ms to look again. */
int guard_look(const struct conf *conf, int64_t now_ms);
/* Whether the guard has ended the sandbox: until it is cleaned. */
bool guard_ended(const struct conf *conf, const char *sandbox);

#endif
