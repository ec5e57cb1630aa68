package io.daytona.control.sandbox;

import io.daytona.wire.error.DaytonaException;
import org.jspecify.annotations.Nullable;

/** The rules for intervals, in minutes (control-plane protocol §2.2). */
final class Intervals {
  private static final int AUTO_STOP = 15;
  private static final int AUTO_ARCHIVE = 10_080;
  private static final int NEVER = -1;

  private final int longestArchive;

  /**
   * @param longestArchive longest auto-archive interval
   */
  Intervals(int longestArchive) {
    this.longestArchive = longestArchive;
  }

  int autoStop(@Nullable Integer minutes) {
    int value = minutes == null ? AUTO_STOP : minutes;
    if (value < 0) {
      throw DaytonaException.badRequest("Auto-stop interval must be non-negative");
    }
    return value;
  }

  int autoArchive(@Nullable Integer minutes) {
    int value = minutes == null ? AUTO_ARCHIVE : minutes;
    if (value < 0) {
      throw DaytonaException.badRequest("Auto-archive interval must be non-negative");
    }
    return value == 0 ? longestArchive : Math.min(value, longestArchive);
  }

  int autoDelete(@Nullable Integer minutes) {
    return minutes == null || minutes < 0 ? NEVER : minutes;
  }

  /** An interval as a segment of a path. */
  static int parse(String segment) {
    try {
      return Integer.parseInt(segment);
    } catch (NumberFormatException e) {
      throw DaytonaException.badRequest("interval must be a whole number of minutes");
    }
  }
}
