package io.daytona.toolbox.terminal;

import io.daytona.http.Json;
import io.daytona.toolbox.agent.Spawn;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What a terminal is created with.
 *
 * @param id chosen by the client
 * @param cwd directory of its shell, absolute
 * @param envs added to the environment of its shell, with {@code TERM}
 * @param size first size
 * @param createdAt RFC 3339
 * @param lazyStart whether its shell waits for the first client
 */
record TerminalSettings(
    String id,
    String cwd,
    Map<String, String> envs,
    Spawn.Terminal size,
    String createdAt,
    boolean lazyStart) {
  private static final String TERM = "TERM";
  private static final String DEFAULT_TERM = "xterm-256color";

  /** A terminal created now. */
  static TerminalSettings now(
      String id, String cwd, Map<String, String> asked, Spawn.Terminal size, boolean lazyStart) {
    Map<String, String> envs = new LinkedHashMap<>(asked);
    envs.putIfAbsent(TERM, DEFAULT_TERM);
    return new TerminalSettings(id, cwd, envs, size, Json.time(Instant.now()), lazyStart);
  }

  /** Characters of its texts. */
  long text() {
    long variables =
        envs.entrySet().stream()
            .mapToLong(variable -> (long) variable.getKey().length() + variable.getValue().length())
            .sum();
    return id.length() + cwd.length() + variables;
  }
}
