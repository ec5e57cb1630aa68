/* The grammar of requests: which verbs there are, what each argument may be, who serves them. */
#include "events.h"
#include "jailer.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { ARGUMENTS_MAX = 11 };

/* Grammars of arguments. A number keeps its value in request.number[]. */
enum grammar {
    END,
    SANDBOX,      /* [a-z0-9][a-z0-9-]{0,39} */
    DISK,         /* the same */
    DISK_OR_NONE, /* the same, or "-" */
    LAYER,        /* [a-z0-9]{8,64} */
    LAYER_LIST,   /* 1…16 different layers, comma-separated */
    TOOLS,        /* a layer, or "-" */
    SLOT,         /* 1…1022: the first and last address of the range are not used */
    GIB,          /* size of a disk */
    BYTES,        /* length of a tar */
    CPU_MILLIS,   /* thousandths of a CPU; the kernel's least quota is 1 ms of 100 */
    MEMORY_MIB,
    PIDS,
    PROFILE,
};

static const struct range {
    uint64_t min, max;
    const char *what;
} ranges[] = {
    [SLOT] = {1, SLOTS - 2, "a slot is 1 to 1022"},
    [GIB] = {1, 100, "a size is 1 to 100 GiB"},
    [BYTES] = {1024, (uint64_t)1 << 40, "a tar is 1024 bytes to 1 TiB"},
    [CPU_MILLIS] = {10, 1024000, "CPU is 10 to 1024000 thousandths"},
    [MEMORY_MIB] = {16, 16777216, "memory is 16 to 16777216 MiB"},
    [PIDS] = {4, 4194304, "pids is 4 to 4194304"},
};

static const struct verb {
    const char *name;
    verb_function *function;
    enum grammar arguments[ARGUMENTS_MAX + 1];
} verbs[] = {
    {"hello", verb_hello, {END}},
    {"list", verb_list, {END}},
    {"events", verb_events, {END}},
    {"slot-make", verb_slot_make, {SLOT}},
    {"slot-drop", verb_slot_drop, {SLOT}},
    {"disk-make", verb_disk_make, {DISK, GIB}},
    {"disk-clone", verb_disk_clone, {DISK, DISK}},
    {"disk-capture", verb_disk_capture, {DISK, DISK}},
    {"disk-grow", verb_disk_grow, {DISK, GIB}},
    {"disk-drop", verb_disk_drop, {DISK}},
    {"layer-import", verb_layer_import, {LAYER, BYTES}},
    {"layer-drop", verb_layer_drop, {LAYER}},
    {"start",
     verb_start,
     {SANDBOX, SLOT, DISK, DISK_OR_NONE, LAYER_LIST, TOOLS, CPU_MILLIS, MEMORY_MIB, PIDS, GIB,
      PROFILE}},
    {"kill", verb_kill, {SANDBOX}},
    {"limits", verb_limits, {SANDBOX, CPU_MILLIS, MEMORY_MIB, PIDS}},
    {"freeze", verb_freeze, {SANDBOX}},
    {"thaw", verb_thaw, {SANDBOX}},
    {"stats", verb_stats, {SANDBOX}},
    {"trim", verb_trim, {SANDBOX}},
};

static bool only_lower_and_digits(const char *text, const char *also) {
    for (const char *p = text; *p != '\0'; p++)
        if (!(*p >= 'a' && *p <= 'z') && !(*p >= '0' && *p <= '9') && strchr(also, *p) == NULL)
            return false;
    return true;
}

static bool is_id(const char *text) {
    size_t length = strlen(text);
    return length >= 1 && length <= ID_MAX && text[0] != '-' && only_lower_and_digits(text, "-");
}

static bool is_layer(const char *text) {
    size_t length = strlen(text);
    return length >= 8 && length <= 64 && only_lower_and_digits(text, "");
}

static int parse_layers(char *text, struct request *request) {
    char *rest = text;
    for (char *item; (item = strsep(&rest, ",")) != NULL;) {
        if (request->layers == LIST_MAX)
            return fail(E_USAGE, "more than %d layers", LIST_MAX);
        if (!is_layer(item))
            return fail(E_USAGE, "a layer is 8 to 64 of a-z and 0-9");
        for (int i = 0; i < request->layers; i++)
            if (strcmp(request->layer[i], item) == 0)
                return fail(E_USAGE, "a layer appears twice");
        request->layer[request->layers++] = item;
    }
    return 0;
}

static int parse_argument(enum grammar grammar, char *text, int index, struct request *request) {
    request->arg[index] = text;
    switch (grammar) {
    case SANDBOX:
    case DISK:
        return is_id(text)
                   ? 0
                   : fail(E_USAGE, "an id is 1 to 40 of a-z, 0-9 and -, not beginning with -");
    case DISK_OR_NONE:
        return strcmp(text, "-") == 0 || is_id(text)
                   ? 0
                   : fail(E_USAGE, "a shelved disk is - or 1 to 40 of a-z, 0-9 and -");
    case LAYER:
        return is_layer(text) ? 0 : fail(E_USAGE, "a layer is 8 to 64 of a-z and 0-9");
    case LAYER_LIST:
        return parse_layers(text, request);
    case TOOLS:
        if (strcmp(text, "-") == 0)
            return 0;
        request->tools = text;
        return is_layer(text) ? 0 : fail(E_USAGE, "tools are - or a layer");
    case PROFILE:
        return strcmp(text, "default") == 0 || strcmp(text, "restricted") == 0
                   ? 0
                   : fail(E_USAGE, "a profile is default or restricted");
    default: {
        const struct range *range = &ranges[grammar];
        return parse_number(text, range->min, range->max, &request->number[index])
                   ? 0
                   : fail(E_USAGE, "%s, decimal, no sign, no leading zero", range->what);
    }
    }
}

/* Nothing but printable ASCII, and exactly one blank between words. */
static bool well_formed(const char *line) {
    char before = ' ';
    for (const char *p = line; *p != '\0'; p++) {
        if (*p < ' ' || *p > '~' || (*p == ' ' && before == ' '))
            return false;
        before = *p;
    }
    return before != ' ';
}

int request_parse(char *line, struct request *request, verb_function **function) {
    if (!well_formed(line))
        return fail(E_USAGE, "a request is words of ASCII with one blank between");
    char *rest = line;
    const char *name = strsep(&rest, " ");
    for (size_t v = 0; v < sizeof verbs / sizeof *verbs; v++) {
        const struct verb *verb = &verbs[v];
        if (strcmp(name, verb->name) != 0)
            continue;
        request->verb = verb->name;
        *function = verb->function;
        int n = 0;
        for (char *word; (word = strsep(&rest, " ")) != NULL; n++) {
            if (verb->arguments[n] == END)
                return fail(E_USAGE, "%s: too many arguments", verb->name);
            if (parse_argument(verb->arguments[n], word, n, request) < 0)
                return -1;
        }
        request->count = n;
        return verb->arguments[n] == END ? 0 : fail(E_USAGE, "%s: too few arguments", verb->name);
    }
    return fail(E_USAGE, "unknown verb");
}

int reply_ok(struct reply *reply, const char *format, ...) {
    va_list args;
    va_start(args, format);
    vsnprintf(reply->ok, sizeof reply->ok, format, args);
    va_end(args);
    return 0;
}

void reply_line(struct reply *reply, const char *format, ...) {
    char line[256];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(line, sizeof line - 1, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof line - 1)
        return; /* ids are bounded: cannot happen, and half a line would be worse than none */
    line[n++] = '\n';
    if (reply->length + (size_t)n > reply->capacity) {
        size_t capacity = (reply->capacity + 4096) * 2;
        char *text = realloc(reply->text, capacity);
        if (text == NULL)
            abort(); /* the client is told that the verb ended by a signal */
        reply->text = text;
        reply->capacity = capacity;
    }
    memcpy(reply->text + reply->length, line, (size_t)n);
    reply->length += (size_t)n;
}

int verb_hello(struct request *request, struct reply *reply) {
    uint64_t free_kib = 0, total_kib = 0;
    if (pool_space(request->conf, &free_kib, &total_kib) < 0)
        return -1;
    return reply_ok(reply, "protocol=2 version=%s slots=%d data=%llu pool_total=%llu", VERSION,
                    SLOTS, (unsigned long long)free_kib, (unsigned long long)total_kib);
}

int verb_list(struct request *request, struct reply *reply) {
    list_slots(request->conf, reply);
    list_disks(request->conf, reply);
    list_layers(request->conf, reply);
    list_sandboxes(request->conf, reply);
    return 0;
}
