package io.daytona.toolbox.session;

import org.jspecify.annotations.Nullable;

/**
 * A command for a session's shell (toolbox protocol §3.3).
 *
 * @param command text of the command
 * @param runAsync whether to answer before the command has ended
 * @param async older name of the same; either counts
 * @param suppressInputEcho whether input sent to the command is left out of its log
 */
public record SessionExecuteRequest(
    @Nullable String command,
    @Nullable Boolean runAsync,
    @Nullable Boolean async,
    @Nullable Boolean suppressInputEcho) {
  boolean isAsync() {
    return Boolean.TRUE.equals(runAsync) || Boolean.TRUE.equals(async);
  }

  boolean isQuiet() {
    return Boolean.TRUE.equals(suppressInputEcho);
  }
}
