package io.daytona.toolbox.session;

import java.util.List;

/**
 * A session as clients see it.
 *
 * @param sessionId its id
 * @param commands its commands, oldest first
 */
public record SessionReply(String sessionId, List<CommandReply> commands) {}
