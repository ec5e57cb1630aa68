/* fsutil search: names that a pattern matches. */
#include "fsutil.h"

#include "glob.h"
#include "output.h"
#include "walk.h"

static bool match(const struct entry *e, void *pattern) {
    if (glob_match(pattern, e->base))
        out_field(e->path);
    return true;
}

int search(const char *root, const char *pattern) {
    if (!glob_valid(pattern))
        return EXIT_USAGE;
    int err = walk(root, match, (void *)(size_t)pattern);
    return err ? EXIT_ERRNO + err : EXIT_DONE;
}
