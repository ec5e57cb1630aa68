#ifndef DIAL_H
#define DIAL_H

#include "conn.h"

void verb_dial(struct stream *st, struct span request);

#endif
