package io.daytona.toolbox.terminal;

/**
 * A terminal that was created.
 *
 * @param sessionId its id
 */
public record CreatedReply(String sessionId) {}
