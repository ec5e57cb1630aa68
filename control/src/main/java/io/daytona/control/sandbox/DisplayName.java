package io.daytona.control.sandbox;

import io.daytona.wire.error.DaytonaException;
import java.util.regex.Pattern;

/** The rule for names that are shown to people (control-plane protocol §1.2). */
final class DisplayName {
  private static final int LONGEST = 255;
  private static final Pattern HTML = Pattern.compile("<\\s*[/!a-zA-Z][^>]*>");
  private static final Pattern URL =
      Pattern.compile(
          "[a-z][a-z0-9+.-]*://|\\bwww\\.|\\b(data|mailto|javascript|vbscript|tel|file|ftp|blob):",
          Pattern.CASE_INSENSITIVE);
  private static final Pattern CONTROL = Pattern.compile("[\\p{Cntrl}\\x{80}-\\x{9f}]");

  private DisplayName() {}

  /**
   * Checks a name.
   *
   * @param field key of the request, for the sentence
   * @return the name
   * @throws DaytonaException 400 with a HTML tag, URL or control character, or above 255 characters
   */
  static String check(String field, String name) {
    // First of all: the patterns take a time that grows with the square of the length.
    if (name.isBlank() || name.length() > LONGEST) {
      throw DaytonaException.badRequest(
          field + " must have 1 to " + LONGEST + " characters that are not all blank");
    }
    if (HTML.matcher(name).find() || URL.matcher(name).find() || CONTROL.matcher(name).find()) {
      throw DaytonaException.badRequest(
          field + " must not contain HTML tags, URLs, or control characters");
    }
    return name;
  }
}
