package io.daytona.server.config;

import java.io.PrintStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Values of all known keys, each with where it came from. Strongest first: command line,
 * environment, file, fallback.
 */
public final class Settings {
  /** Clients of old versions read this one; it is none of ours. */
  private static final String CLIENT_VARIABLE = "DAYTONA_SERVER_URL";

  private static final Pattern USER_INFO = Pattern.compile("://[^/@\\s]+@");

  private final Map<String, Key> keys;
  private final Map<String, Value> values;

  /**
   * A value that was set.
   *
   * @param text as written
   * @param source where, for people
   */
  private record Value(String text, String source) {}

  private Settings(Map<String, Key> keys, Map<String, Value> values) {
    this.keys = keys;
    this.values = values;
  }

  /**
   * No values yet.
   *
   * @param records the configuration records of all modules
   */
  public static Settings of(List<Class<? extends Record>> records) {
    Map<String, Key> keys = new LinkedHashMap<>();
    for (Class<? extends Record> type : records) {
      for (Key key : Key.of(type)) {
        Key other = keys.putIfAbsent(key.name(), key);
        if (other != null && !other.fallback().equals(key.fallback())) {
          throw new IllegalArgumentException(
              key.name() + " has two fallbacks: " + other.fallback() + ", " + key.fallback());
        }
      }
    }
    return new Settings(keys, Map.of());
  }

  /**
   * These settings with stronger values over them. Names that do not begin with {@code
   * DAYTONA_SERVER_} are left out of an environment and are errors in a file.
   *
   * @param source what the values are called in messages
   * @param foreign whether other names are expected among them
   * @throws ConfigException on an unknown key, naming the nearest known one
   */
  public Settings with(Map<String, String> stronger, String source, boolean foreign) {
    Map<String, Value> merged = new LinkedHashMap<>(values);
    stronger.forEach((name, text) -> {
      if (name.equals(CLIENT_VARIABLE) || (foreign && !name.startsWith(Key.PREFIX))) {
        return;
      }
      if (!keys.containsKey(name)) {
        throw new ConfigException(
            "unknown key %s (%s); the nearest known one is %s"
                .formatted(name, source, NearestName.of(name, keys.keySet())));
      }
      merged.put(name, new Value(text, source));
    });
    return new Settings(keys, merged);
  }

  /** These settings with one value decided by the program. */
  public Settings with(String name, String text) {
    return with(Map.of(name, text), "decided at start", false);
  }

  /** Whether a key was set to something. */
  public boolean isSet(String name) {
    Value value = values.get(name);
    return value != null && !value.text.isEmpty();
  }

  /** Text of a key's value, its fallback when not set; empty when absent. */
  Optional<String> text(Key key) {
    Value set = values.get(key.name());
    if (set != null && !set.text.isEmpty()) {
      return Optional.of(set.text);
    }
    if (key.fallback().equals(Key.REQUIRED)) {
      throw new ConfigException(key.name() + " must be set: " + key.description());
    }
    return key.fallback().equals(Key.NONE) ? Optional.empty() : Optional.of(key.fallback());
  }

  /** Prints the effective set with secrets hidden, as a file that can be read again. */
  public void print(PrintStream out) {
    keys.values()
        .forEach(key -> {
          Value value = values.get(key.name());
          String source = value == null ? "default" : value.source;
          out.println("# " + key.description() + " (" + source + ")");
          String shown = shown(key, value == null ? key.fallback() : value.text);
          boolean assigned = value != null && !key.secret();
          out.println((assigned ? "" : "# ") + key.name() + "=" + shown);
        });
  }

  private static String shown(Key key, String text) {
    if (text.isEmpty() || text.equals(Key.NONE) || text.equals(Key.REQUIRED)) {
      return text;
    }
    return key.secret() ? "(hidden)" : USER_INFO.matcher(text).replaceAll("://(hidden)@");
  }
}
