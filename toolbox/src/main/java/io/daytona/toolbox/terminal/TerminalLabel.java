package io.daytona.toolbox.terminal;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import io.daytona.http.Json;
import io.daytona.toolbox.agent.Spawn;
import io.daytona.wire.error.DaytonaException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What the agent remembers about a terminal, as JSON. Read back it is data of the sandbox.
 *
 * @param kind {@link #KIND}
 * @param id id that clients know it by
 * @param cwd directory of its shell
 * @param envs what was added to its environment; null when that is too much for a label
 * @param names names of what was added, where the values have to be looked up in the process; null
 *     when {@code envs} has all
 * @param cols first columns
 * @param rows first rows
 * @param createdAt RFC 3339
 * @param lazyStart whether it waited for its first client
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record TerminalLabel(
    @Nullable String kind,
    @Nullable String id,
    @Nullable String cwd,
    @Nullable Map<String, String> envs,
    @Nullable List<String> names,
    int cols,
    int rows,
    @Nullable String createdAt,
    boolean lazyStart) {
  private static final String KIND = "terminal";

  /** Bytes of the longest label that an agent takes. */
  private static final int MAX_BYTES = 4_096;

  /**
   * The label of a new terminal.
   *
   * @throws DaytonaException 400 when it is more than an agent remembers
   */
  static String of(TerminalSettings settings) {
    String whole = label(settings, settings.envs(), null).text();
    if (fits(whole)) {
      return whole;
    }
    String shorter = label(settings, null, List.copyOf(settings.envs().keySet())).text();
    if (fits(shorter)) {
      return shorter;
    }
    throw DaytonaException.badRequest(
        "the ID, the directory and the names of the variables of a PTY session must not take more"
            + " than about 4,000 bytes together");
  }

  /** Reads a label; those of other features and nonsense are empty. */
  static Optional<TerminalLabel> parse(String text) {
    if (!text.startsWith("{")) {
      return Optional.empty();
    }
    try {
      TerminalLabel label = Json.mapper().readValue(text, TerminalLabel.class);
      return label != null && KIND.equals(label.kind) && label.id != null
          ? Optional.of(label)
          : Optional.empty();
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }

  /** The settings as far as the label has them. */
  TerminalSettings settings() {
    return new TerminalSettings(
        orEmpty(id),
        orEmpty(cwd),
        variables(),
        new Spawn.Terminal(Math.clamp(cols, 1, 65_535), Math.clamp(rows, 1, 65_535)),
        orEmpty(createdAt),
        lazyStart);
  }

  /** A sandbox may write null for a value. */
  private Map<String, String> variables() {
    Map<String, String> all = new LinkedHashMap<>(envs == null ? Map.of() : envs);
    all.values().removeIf(Objects::isNull);
    return all;
  }

  private static TerminalLabel label(
      TerminalSettings settings, @Nullable Map<String, String> envs, @Nullable List<String> names) {
    return new TerminalLabel(
        KIND,
        settings.id(),
        settings.cwd(),
        envs,
        names,
        settings.size().cols(),
        settings.size().rows(),
        settings.createdAt(),
        settings.lazyStart());
  }

  private String text() {
    try {
      return Json.mapper().writeValueAsString(this);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a label that is not JSON", e);
    }
  }

  private static boolean fits(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length <= MAX_BYTES;
  }

  private static String orEmpty(@Nullable String text) {
    return text == null ? "" : text;
  }
}
