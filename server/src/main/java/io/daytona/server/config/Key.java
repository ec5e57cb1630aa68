package io.daytona.server.config;

import io.daytona.wire.config.Config;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One key that can be configured.
 *
 * @param name {@code DAYTONA_SERVER_…}
 * @param description what it does
 * @param fallback value when nothing is set
 * @param secret whether its value is never printed
 */
public record Key(String name, String description, String fallback, boolean secret) {
  /** Begins every key. */
  public static final String PREFIX = "DAYTONA_SERVER_";

  /** Fallback of a key that must be set. */
  static final String REQUIRED = "<required>";

  /** Fallback of a key whose value is absent unless set. */
  static final String NONE = "<none>";

  /** The keys of a configuration record, in the order of its components. */
  static List<Key> of(Class<? extends Record> type) {
    Config config = type.getAnnotation(Config.class);
    if (config == null) {
      throw new IllegalArgumentException(type.getName() + " is not a configuration record");
    }
    String prefix = PREFIX + (config.prefix().isEmpty() ? "" : config.prefix() + "_");
    List<Key> keys = new ArrayList<>();
    for (RecordComponent component : type.getRecordComponents()) {
      Config.Key key = component.getAnnotation(Config.Key.class);
      if (key == null) {
        throw new IllegalArgumentException(
            type.getName() + "." + component.getName() + " is not described");
      }
      keys.add(
          new Key(prefix + upper(component.getName()), key.value(), key.fallback(), key.secret()));
    }
    return keys;
  }

  private static String upper(String camel) {
    return camel.replaceAll("([a-z0-9])([A-Z])", "$1_$2").toUpperCase(Locale.ROOT);
  }
}
