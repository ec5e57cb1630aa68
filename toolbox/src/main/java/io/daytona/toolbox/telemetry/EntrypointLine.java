package io.daytona.toolbox.telemetry;

import java.time.Instant;

/**
 * A line that an entrypoint wrote.
 *
 * @param error whether to standard error
 * @param text the line without its end
 * @param at when the platform saw it
 */
record EntrypointLine(boolean error, String text, Instant at) {}
