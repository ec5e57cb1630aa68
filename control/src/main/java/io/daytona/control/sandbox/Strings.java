package io.daytona.control.sandbox;

import io.daytona.wire.error.DaytonaException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Checks objects of strings in requests. */
final class Strings {
  // Linux refuses to run a program with a longer one (MAX_ARG_STRLEN, "NAME=value" and its end).
  private static final int LONGEST_VARIABLE = 131_071;

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
   * Environment: names without {@code =}, values of at most 128 KiB.
   *
   * @throws DaytonaException 400 that says so, without the value
   */
  static Map<String, String> environment(@Nullable Map<String, @Nullable String> given) {
    return checked(
        "env",
        given,
        (name, value) -> {
          if (name.isEmpty() || name.contains("=") || unwritable(name) || unwritable(value)) {
            throw DaytonaException.badRequest(
                "env must have names that are not empty and hold no =, and no character U+0000");
          }
          if (bytes(name) + bytes(value) + 1 >= LONGEST_VARIABLE) {
            throw DaytonaException.badRequest(
                "env." + name + " must be shorter than 128 KiB with its name");
          }
        });
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

  private static int bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }
}
