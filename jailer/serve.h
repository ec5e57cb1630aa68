/* The main process's loop. */
#ifndef JAILER_SERVE_H
#define JAILER_SERVE_H

#include "jailer.h"

#define MAIN_PRIORITY (-10) /* of the main process; what it starts has the ordinary one */

/* Serves the socket until a signal other than SIGCHLD arrives on signal_fd, then waits for running
 * verbs. 0, or -1 with fail() set. */
int serve_until_stopped(const struct conf *conf, int listener, int signal_fd);

#endif
