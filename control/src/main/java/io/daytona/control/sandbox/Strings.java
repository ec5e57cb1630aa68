package io.daytona.control.sandbox;

import io.daytona.wire.error.DaytonaException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Checks objects of strings in requests. */
final class Strings {
  // What a runner takes: names and values in UTF-8, and six bytes for each variable.
  private static final int LARGEST_ENVIRONMENT = 131_072;
  private static final int VARIABLE = 6;

  private Strings() {}

  /**
   * Labels: any strings under names that are not empty.
   *
   * @throws DaytonaException 400 that says so
   */
  static Map<String, String> labels(@Nullable Map<String, @Nullable String> given) {
    return checked(
        "labels",
        given,
        (name, value) -> {
          if (name.isEmpty() || unwritable(name) || unwritable(value)) {
            throw DaytonaException.badRequest(
                "labels must have names that are not empty, and no character U+0000");
          }
        });
  }

  /**
   * Environment: names without {@code =}, at most 128 KiB in all.
   *
   * @throws DaytonaException 400 that says so, without the value
   */
  static Map<String, String> environment(@Nullable Map<String, @Nullable String> given) {
    Map<String, String> environment =
        checked(
            "env",
            given,
            (name, value) -> {
              if (name.isEmpty() || name.contains("=") || unwritable(name) || unwritable(value)) {
                throw DaytonaException.badRequest(
                    "env must have names that are not empty and hold no =, and no character"
                        + " U+0000");
              }
            });
    long size =
        environment.entrySet().stream()
            .mapToLong(entry -> bytes(entry.getKey()) + bytes(entry.getValue()) + VARIABLE)
            .sum();
    if (size > LARGEST_ENVIRONMENT) {
      throw DaytonaException.badRequest("env must not be larger than 128 KiB in all");
    }
    return environment;
  }

  private interface Rule {
    void check(String name, String value);
  }

  private static Map<String, String> checked(
      String field, @Nullable Map<String, @Nullable String> given, Rule rule) {
    Map<String, String> result = new LinkedHashMap<>();
    if (given != null) {
      given.forEach((name, value) -> {
        if (value == null) {
          throw DaytonaException.badRequest(
              field + " must be an object whose values are all strings");
        }
        rule.check(name, value);
        result.put(name, value);
      });
    }
    return result;
  }

  private static boolean unwritable(String text) {
    return text.indexOf('\0') >= 0;
  }

  private static long bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }
}
