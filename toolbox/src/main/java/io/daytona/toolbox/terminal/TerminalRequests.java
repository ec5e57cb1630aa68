package io.daytona.toolbox.terminal;

import io.daytona.http.Call;
import io.daytona.toolbox.ChosenIds;
import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.SandboxPaths;
import io.daytona.toolbox.agent.Spawn;
import io.daytona.toolbox.error.ToolboxError;
import io.daytona.toolbox.process.Environment;
import io.daytona.wire.error.DaytonaException;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/** What clients ask of terminals, checked (toolbox protocol §4.1, §4.4). */
final class TerminalRequests {
  private static final int DEFAULT_COLS = 80;
  private static final int DEFAULT_ROWS = 24;
  private static final int MOST = 1000;

  private TerminalRequests() {}

  /** The terminal that a body asks for. */
  static TerminalSettings create(Running sandbox, CreateTerminalRequest body) {
    return settings(
        sandbox,
        body.id(),
        body.cwd(),
        Environment.of(body.envs()),
        size(
            body.cols() == null ? OptionalInt.empty() : OptionalInt.of(body.cols()),
            body.rows() == null ? OptionalInt.empty() : OptionalInt.of(body.rows())),
        Boolean.TRUE.equals(body.lazyStart()));
  }

  /** The terminal that a query asks for. */
  static TerminalSettings create(Running sandbox, Call<?> call, Map<String, String> envs) {
    return settings(
        sandbox,
        call.query("id").orElse(null),
        call.query("cwd").orElse(null),
        Environment.of(envs),
        size(number(call, "cols"), number(call, "rows")),
        false);
  }

  private static TerminalSettings settings(
      Running sandbox,
      @Nullable String id,
      @Nullable String cwd,
      Map<String, String> envs,
      Spawn.Terminal size,
      boolean lazyStart) {
    if (id == null || id.isEmpty()) {
      throw TerminalErrors.idRequired();
    }
    if (!ChosenIds.canBeNamed(id)) {
      throw DaytonaException.badRequest("session ID must not contain NUL or halves of characters");
    }
    String directory = SandboxPaths.absolute(sandbox, cwd == null ? "" : cwd);
    return TerminalSettings.now(id, directory, envs, size, lazyStart);
  }

  private static Spawn.Terminal size(OptionalInt cols, OptionalInt rows) {
    return new Spawn.Terminal(
        created("cols", cols, DEFAULT_COLS), created("rows", rows, DEFAULT_ROWS));
  }

  /** Clients leave out a size, or send 0, when they have none. */
  private static int created(String what, OptionalInt asked, int otherwise) {
    int value = asked.orElse(0);
    if (value > MOST) {
      throw DaytonaException.badRequest("invalid value for " + what + " - must be less than 1000");
    }
    if (value < 0) {
      throw DaytonaException.badRequest("invalid value for " + what + " - must be at least 1");
    }
    return value == 0 ? otherwise : value;
  }

  private static OptionalInt number(Call<?> call, String name) {
    String text = call.query(name).orElse("");
    if (text.isEmpty()) {
      return OptionalInt.empty();
    }
    try {
      return OptionalInt.of(Integer.parseInt(text));
    } catch (NumberFormatException e) {
      throw DaytonaException.badRequest(
          "invalid value for " + name + " - must be a number from 1 to 1000");
    }
  }

  /** The size that a terminal is to have. */
  static Spawn.Terminal resize(ResizeRequest body) {
    return new Spawn.Terminal(resized("cols", body.cols()), resized("rows", body.rows()));
  }

  private static int resized(String what, @Nullable Integer value) {
    if (value == null || value == 0) {
      throw ToolboxError.invalidBody(what + " is required");
    }
    if (value > MOST) {
      throw DaytonaException.badRequest(what + " must be less than 1000");
    }
    if (value < 0) {
      throw DaytonaException.badRequest(what + " must be at least 1");
    }
    return value;
  }

  /** How much earlier output a client wants; empty when it says nothing about it. */
  static OptionalLong history(Call<?> call) {
    String text = call.query("history").orElse("");
    if (text.isEmpty()) {
      return OptionalLong.empty();
    }
    if (!text.matches("\\d{1,18}")) {
      throw ToolboxError.badRequest("history must be a number of bytes");
    }
    return OptionalLong.of(Long.parseLong(text));
  }
}
