package io.daytona.toolbox.interpreter;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The one message of a client (toolbox protocol §5.2).
 *
 * @param code source
 * @param contextId id of a context; absent or empty for the default one
 * @param envs variables for this execution
 * @param timeout seconds; absent for 600, 0 for none
 */
record ExecuteMessage(
    @Nullable String code,
    @Nullable String contextId,
    @Nullable Map<String, @Nullable String> envs,
    @Nullable Long timeout) {}
