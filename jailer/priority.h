/* The main process's watch over processor time. */
#ifndef JAILER_PRIORITY_H
#define JAILER_PRIORITY_H

#include "jailer.h"

/* Looks who computes without pause; returns after how many ms to look again. */
int priority_look(const struct conf *conf, int64_t now_ms);

#endif
