/*
 * Holds its standard input, output and error open until it is killed, and never touches them: the
 * command of a session that writes to them is run by another process (docs/toolbox.md).
 */
#include <signal.h>
#include <unistd.h>

int main(void) {
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL); /* SIGKILL and SIGSTOP stay possible */
    for (;;)
        pause();
}
