package io.daytona.server.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A file of {@code KEY=value} lines; empty lines and lines that begin with {@code #} are left out.
 */
public final class SettingsFile {
  private SettingsFile() {}

  /**
   * Reads a file.
   *
   * @throws ConfigException when it cannot be read or a line is no assignment
   */
  public static Map<String, String> read(Path file) {
    List<String> lines;
    try {
      lines = Files.readAllLines(file);
    } catch (IOException e) {
      throw new ConfigException("the configuration file " + file + " cannot be read: " + e);
    }
    return parse(lines, file.toString());
  }

  /**
   * Reads lines.
   *
   * @param file what they are called in messages
   * @throws ConfigException when a line is no assignment
   */
  public static Map<String, String> parse(List<String> lines, String file) {
    Map<String, String> values = new LinkedHashMap<>();
    for (int number = 1; number <= lines.size(); number++) {
      String line = lines.get(number - 1).strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      int equals = line.indexOf('=');
      String where = file + ", line " + number + ": ";
      if (equals <= 0) {
        throw new ConfigException(where + "expected is KEY=value");
      }
      String key = line.substring(0, equals).strip();
      if (values.put(key, line.substring(equals + 1).strip()) != null) {
        throw new ConfigException(where + key + " is set twice");
      }
    }
    return values;
  }
}
