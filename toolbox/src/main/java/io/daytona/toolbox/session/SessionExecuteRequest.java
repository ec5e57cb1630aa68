package io.daytona.toolbox.session;

import com.fasterxml.jackson.annotation.JsonAlias;
import org.jspecify.annotations.Nullable;

/**
 * A command for a session's shell (toolbox protocol §3.3).
 *
 * @param command text of the command
 * @param runAsync whether to answer before the command has ended
 * @param async older name of the same; either counts, as do the names that programs copy from the
 *     Python client's arguments
 * @param suppressInputEcho whether input sent to the command is left out of its log
 */
public record SessionExecuteRequest(
    @Nullable String command,
    @Nullable Boolean runAsync,
    @JsonAlias({"var_async", "run_async"}) @Nullable Boolean async,
    @Nullable Boolean suppressInputEcho) {
  boolean isAsync() {
    return Boolean.TRUE.equals(runAsync) || Boolean.TRUE.equals(async);
  }

  boolean isQuiet() {
    return Boolean.TRUE.equals(suppressInputEcho);
  }
}
