package io.daytona.wire;

import java.util.regex.Pattern;

/** Shapes of identifiers. */
public final class Ids {
  private static final Pattern UUID_SHAPE =
      Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");

  private Ids() {}

  /** Whether the text is a UUID in lower case. */
  public static boolean isUuid(String text) {
    return text.length() == 36 && UUID_SHAPE.matcher(text).matches();
  }
}
