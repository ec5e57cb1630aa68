package io.daytona.toolbox.process;

import com.fasterxml.jackson.annotation.JsonAlias;
import com.fasterxml.jackson.core.JsonProcessingException;
import io.daytona.http.Json;
import io.daytona.http.WebSocket.Message;
import io.daytona.toolbox.error.ToolboxError;
import io.daytona.wire.error.DaytonaException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The first message of a live execution: what to run (docs/toolbox.md). Either {@code argv} or
 * {@code command} is given.
 *
 * @param argv program and arguments, which reach it as they are
 * @param command text for the sandbox's shell
 * @param cwd working directory; absent or empty for the sandbox's
 * @param envs variables added to the sandbox's, which they override
 * @param timeout seconds, 0…4294967295; absent or 0 for no limit
 * @param stdin whether standard input follows; otherwise there is none
 */
record LiveRequest(
    @Nullable List<@Nullable String> argv,
    @Nullable String command,
    @Nullable String cwd,
    @JsonAlias("env") @Nullable Map<String, @Nullable String> envs,
    @Nullable Long timeout,
    boolean stdin) {

  /**
   * Reads the message.
   *
   * @throws DaytonaException when it cannot be run
   */
  static LiveRequest read(@Nullable Message message) {
    if (!(message instanceof Message.Text(String text))) {
      throw ToolboxError.badRequest("the first message must be JSON text");
    }
    try {
      LiveRequest request = Json.mapper().readValue(text, LiveRequest.class);
      if (request != null) {
        return request.checked();
      }
    } catch (JsonProcessingException e) {
      throw ToolboxError.badRequest("invalid JSON: " + e.getOriginalMessage());
    }
    throw ToolboxError.badRequest("invalid JSON: an object is required");
  }

  private LiveRequest checked() {
    boolean program = argv != null && !argv.isEmpty();
    if (program == (command != null && !command.isBlank())) {
      throw ToolboxError.badRequest("either argv or command is required");
    }
    List<@Nullable String> texts = new ArrayList<>(argv == null ? List.of() : argv);
    if (texts.contains(null)) {
      throw ToolboxError.badRequest("argv must hold strings");
    }
    texts.add(command);
    texts.add(cwd);
    if (envs != null) {
      texts.addAll(envs.values());
    }
    if (texts.stream().anyMatch(text -> text != null && text.indexOf('\0') >= 0)) {
      throw ToolboxError.badRequest("arguments, cwd and variables must not contain NUL");
    }
    return this;
  }

  /** The program and its arguments; empty when a shell is to run the command. */
  List<String> program() {
    List<String> all = new ArrayList<>();
    if (argv != null) {
      argv.forEach(word -> all.add(word == null ? "" : word));
    }
    return all;
  }
}
