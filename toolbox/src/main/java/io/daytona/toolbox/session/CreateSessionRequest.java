package io.daytona.toolbox.session;

import org.jspecify.annotations.Nullable;

/**
 * A session to create (toolbox protocol §3.2).
 *
 * @param sessionId any text that the client chooses, not empty
 */
public record CreateSessionRequest(@Nullable String sessionId) {}
