/* The table of verbs. */
#include "conn.h"
#include "dial.h"
#include "files.h"
#include "identity.h"
#include "process.h"

#include <errno.h>
#include <string.h>

static const struct {
    const char *name;
    void (*run)(struct stream *, struct span request);
} verbs[] = {
    {"identity", verb_identity},
    {"spawn", verb_spawn},
    {"attach", verb_attach},
    {"input", verb_input},
    {"resize", verb_resize},
    {"signal", verb_signal},
    {"forget", verb_forget},
    {"processes", verb_processes},
    {"stat", verb_stat},
    {"list", verb_list},
    {"read", verb_read},
    {"write", verb_write},
    {"mkdir", verb_mkdir},
    {"remove", verb_remove},
    {"rename", verb_rename},
    {"chmod", verb_chmod},
    {"dial", verb_dial},
    {"shutdown", verb_shutdown},
#if AGENT_PROTOCOL >= 2
    {"environment", verb_environment},
    {"read-many", verb_read_many},
    {"write-many", verb_write_many},
#endif
};

void dispatch(struct stream *st, struct span request) {
    struct span verb;
    const char *problem = fields_problem(request);
    if (problem || !field_get(request, TAG_VERB, &verb)) {
        stream_error(st, 0, "usage", "%s", problem ? problem : "verb is missing");
        return;
    }
    st->credit = field_num(request, TAG_WINDOW, 0);
    if (st->credit > WINDOW_MAX) {
        stream_error(st, 0, "usage", "window is at most %d", WINDOW_MAX);
        return;
    }
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (strlen(verbs[i].name) == verb.n && memcmp(verbs[i].name, verb.p, verb.n) == 0) {
            verbs[i].run(st, request);
            return;
        }
    stream_error(st, ENOSYS, "verb", "this agent does not know that verb");
}
