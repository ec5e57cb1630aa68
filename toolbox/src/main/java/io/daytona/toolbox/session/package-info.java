/**
 * Persistent shells (toolbox protocol §3).
 *
 * <p>A session is one detached shell of the agent, fed through its standard input; its own output
 * is only a control channel on which it reports the exit status of each command. A command is one
 * detached, stopped holder process whose pipes the shell redirects the command to: the holder's
 * ring is the command's log, its standard input the command's. Everything is found again from the
 * processes' labels after the platform was restarted.
 *
 * <p>A command is fed to the shell as soon as it is accepted, so that the shell's input is the
 * queue: a queued command needs no platform to be run. One that the platform could not feed before
 * it went away never ran; it gets the exit code −1, as those do that waited behind a command which
 * ended the shell. {@code exit N}, or a failure under {@code set -e}, ends the session with the
 * running command's exit code N.
 *
 * <p>The agent keeps the newest logs of ended commands, of each the last 64 MiB; older logs are
 * files below {@code ~/.daytona/sessions} ({@link io.daytona.toolbox.session.SessionLimits}).
 */
@NullMarked
package io.daytona.toolbox.session;

import org.jspecify.annotations.NullMarked;
