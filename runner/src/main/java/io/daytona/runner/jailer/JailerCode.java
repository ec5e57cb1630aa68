package io.daytona.runner.jailer;

import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Why the jailer refused a verb (docs/protocols/jailer.md, table of codes). */
public enum JailerCode {
  /** Unknown verb, wrong number of arguments or an argument outside its grammar. */
  USAGE,
  /** The named slot, disk, layer or sandbox does not exist. */
  ABSENT,
  /** It exists already and differs from what is asked. */
  EXISTS,
  /** In use by a running sandbox. */
  BUSY,
  /** The disk pool is below its watermark. */
  SPACE,
  /** A system call failed. */
  SYSTEM;

  /** The code of a wire word; null when there is none. */
  static @Nullable JailerCode ofWire(String word) {
    for (JailerCode code : values()) {
      if (code.name().toLowerCase(Locale.ROOT).equals(word)) {
        return code;
      }
    }
    return null;
  }
}
