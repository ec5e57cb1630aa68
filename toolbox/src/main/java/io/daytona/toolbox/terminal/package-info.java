/**
 * Pseudo terminals (toolbox protocol §4).
 *
 * <p>A terminal is one detached process of the sandbox's agent: its label says what the terminal
 * is, its ring holds the output, and every client reads the ring by a stream of its own. So the
 * agent is the only place that knows the terminals, and they outlive the platform.
 */
@NullMarked
package io.daytona.toolbox.terminal;

import org.jspecify.annotations.NullMarked;
