package io.daytona.toolbox.session;

import org.jspecify.annotations.Nullable;

/**
 * Input for a running command (toolbox protocol §3.6).
 *
 * @param data text, not empty; a newline is added when it does not end in one
 */
public record SessionInputRequest(@Nullable String data) {}
