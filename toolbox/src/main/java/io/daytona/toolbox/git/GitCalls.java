package io.daytona.toolbox.git;

import io.daytona.http.Call;
import io.daytona.toolbox.ClientVersion;
import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.error.ToolboxError;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads what calls about git have in common. */
final class GitCalls {
  /**
   * Characters of the longest name of a branch, a remote or a revision. Git cuts its messages after
   * 4 KiB, so that of a longer name nobody could tell what was wrong with it.
   */
  static final int LONGEST_NAME = 1_000;

  private final SandboxCalls calls;

  /**
   * @param calls finds sandboxes
   */
  GitCalls(SandboxCalls calls) {
    this.calls = calls;
  }

  /** Git in the sandbox of a call. */
  Git git(Call<?> call) {
    boolean structured =
        ClientVersion.of(call).map(version -> !version.isBefore(0, 201, 0)).orElse(true);
    return new Git(calls.sandbox(call), structured);
  }

  /** Whether the client takes keys that it does not know (toolbox protocol §1.5). */
  static boolean takesNewKeys(Call<?> call) {
    return ClientVersion.of(call).map(version -> !version.isBefore(0, 188, 0)).orElse(true);
  }

  /** The repository that a query names, as an absolute path. */
  static String repository(Call<?> call, Git git) {
    String path = call.query("path").orElse("");
    if (path.isEmpty()) {
      throw ToolboxError.badRequest("path is required");
    }
    return git.absolute(text("path", path));
  }

  /** The repository that a body names, as an absolute path. */
  static String repository(@Nullable String path, Git git) {
    return git.absolute(required("path", path));
  }

  /**
   * A key that a body must have.
   *
   * @throws io.daytona.wire.error.DaytonaException 400 when it is absent or empty
   */
  static String required(String key, @Nullable String value) {
    if (value == null || value.isEmpty()) {
      throw ToolboxError.invalidBody("invalid request body: " + key + " is required");
    }
    return text(key, value);
  }

  /** A key that may be absent; empty counts as absent. */
  static @Nullable String optional(String key, @Nullable String value) {
    return value == null || value.isEmpty() ? null : text(key, value);
  }

  /** A name that git must not take for an option; the default when absent or empty. */
  static String name(String key, @Nullable String value, String byDefault) {
    return value == null || value.isEmpty() ? byDefault : name(key, value);
  }

  /** A name that git must not take for an option. */
  static String name(String key, @Nullable String value) {
    String name = required(key, value);
    if (name.startsWith("-")) {
      throw ToolboxError.badRequest(key + " must not begin with '-'");
    }
    if (name.length() > LONGEST_NAME) {
      throw ToolboxError.badRequest(
          key + " must not be longer than " + LONGEST_NAME + " characters");
    }
    return name;
  }

  /** Paths that a body must have; none is fine. */
  static List<String> files(@Nullable List<@Nullable String> files) {
    if (files == null) {
      throw ToolboxError.invalidBody("invalid request body: files is required");
    }
    List<String> checked = new ArrayList<>(files.size());
    for (String file : files) {
      checked.add(required("files", file));
    }
    return checked;
  }

  private static String text(String key, String value) {
    if (value.indexOf('\0') >= 0) {
      throw ToolboxError.badRequest(key + " must not contain NUL");
    }
    return value;
  }
}
