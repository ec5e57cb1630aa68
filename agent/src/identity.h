/* The verbs that set the identity: what spawned processes and workers use by default. */
#ifndef IDENTITY_H
#define IDENTITY_H

#include "fields.h"

struct stream;
void verb_identity(struct stream *st, struct span request);
void verb_environment(struct stream *st, struct span request);

#endif
