/* What all harnesses share: they run without any privilege, whoever started them. */
#define WORLD_ITSELF
#include "world.h"

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

enum { NOBODY = 65534 };

void harness_unprivileged(void) {
    if (geteuid() == 0 && (setgroups(0, NULL) < 0 || setresgid(NOBODY, NOBODY, NOBODY) < 0 ||
                           setresuid(NOBODY, NOBODY, NOBODY) < 0)) {
        perror("giving up root");
        abort();
    }
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    /* A finding must not be lost to a harness that was told to end by a broken pipe. */
    signal(SIGPIPE, SIG_IGN);
}
