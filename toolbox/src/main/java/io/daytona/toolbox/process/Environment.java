package io.daytona.toolbox.process;

import io.daytona.toolbox.error.ToolboxError;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The variables a client adds to a command's environment. */
public final class Environment {
  private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_]*");

  private Environment() {}

  /**
   * The variables as asked for.
   *
   * @throws io.daytona.wire.error.DaytonaException 400 naming the first that cannot be one
   */
  public static Map<String, String> of(@Nullable Map<String, @Nullable String> envs) {
    if (envs == null) {
      return Map.of();
    }
    Map<String, String> checked = new LinkedHashMap<>();
    envs.forEach((name, value) -> {
      if (!NAME.matcher(name).matches()) {
        throw ToolboxError.badRequest("invalid environment variable name: '" + name + "'");
      }
      checked.put(name, value == null ? "" : value);
    });
    return checked;
  }
}
