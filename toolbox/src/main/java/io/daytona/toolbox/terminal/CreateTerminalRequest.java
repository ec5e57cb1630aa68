package io.daytona.toolbox.terminal;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A terminal to create (toolbox protocol §4.1).
 *
 * @param id chosen by the client
 * @param cwd directory of its shell; null or empty for the working directory
 * @param envs added to the environment of its shell
 * @param cols columns, 1…1000; null or 0 for 80
 * @param rows rows, 1…1000; null or 0 for 24
 * @param lazyStart whether the shell waits for the first client
 */
public record CreateTerminalRequest(
    @Nullable String id,
    @Nullable String cwd,
    @Nullable Map<String, @Nullable String> envs,
    @Nullable Integer cols,
    @Nullable Integer rows,
    @Nullable Boolean lazyStart) {}
