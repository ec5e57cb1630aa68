package io.daytona.toolbox.session;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.daytona.http.Json;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The list of a session's commands whose logs are in files, one JSON object in each line. It is a
 * file of the sandbox: what does not look right in it, or is too much, is left out.
 */
final class SavedCommands {
  private static final int MAX_BYTES = 16 << 20;
  private static final int MAX_LINE = 8_192;

  /** Characters of a command's text that the list may have; a longer text has a file of its own. */
  private static final int MAX_TEXT = 512;

  private final Session session;

  SavedCommands(Session session) {
    this.session = session;
  }

  /**
   * One of them.
   *
   * @param label what it was
   * @param exitCode how it ended
   */
  private record Saved(@Nullable ProcessLabel label, int exitCode) {}

  /** Whether a command's text has to be in a file of its own. */
  static boolean needsFile(ProcessLabel label) {
    return label.command().length() > MAX_TEXT;
  }

  /** The file carries the session's key: that of a former session with the same id is not read. */
  private String path() {
    return session.files().path("commands-" + session.label().session() + ".jsonl");
  }

  void write(List<Command> commands) {
    session
        .files()
        .write(path(), commands.stream().map(SavedCommands::line).collect(Collectors.joining()));
  }

  /** At most so many, the first. */
  List<Command> read(int most) {
    return session.files().read(path(), MAX_BYTES).stream()
        .flatMap(String::lines)
        .limit(most)
        .flatMap(line -> parse(line).stream())
        .toList();
  }

  private static String line(Command command) {
    ProcessLabel label = command.label();
    try {
      return Json.mapper()
              .writeValueAsString(
                  new Saved(
                      needsFile(label) ? label.cutTo(MAX_TEXT) : label,
                      command.exitCode().orElse(Session.NEVER_RAN)))
          + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a label that is not JSON", e);
    }
  }

  static Optional<Command> parse(String line) {
    if (line.length() > MAX_LINE) {
      return Optional.empty();
    }
    try {
      Saved saved = Json.mapper().readValue(line, Saved.class);
      ProcessLabel label = saved == null ? null : saved.label();
      return label == null || label.id().isEmpty()
          ? Optional.empty()
          : Optional.of(Command.saved(label, saved.exitCode()));
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }
}
