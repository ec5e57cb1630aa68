package io.daytona.runner.jailer;

import java.net.ProtocolException;
import java.util.HashMap;
import java.util.Map;

/**
 * The last line of the jailer's answer to a verb that was carried out.
 *
 * @param values the {@code key=value} words after {@code ok}
 */
record Answer(Map<String, String> values) {
  private static final String OK = "ok";
  private static final String ERROR = "error ";

  Answer {
    values = Map.copyOf(values);
  }

  /**
   * Reads an answer.
   *
   * @throws JailerException when the answer is an error
   * @throws ProtocolException when the line is not an answer
   */
  static Answer parse(String line) throws ProtocolException {
    if (line.equals(OK)) {
      return new Answer(Map.of());
    }
    if (line.startsWith(OK + " ")) {
      return new Answer(words(line, OK.length() + 1));
    }
    if (line.startsWith(ERROR)) {
      throw error(line);
    }
    throw new ProtocolException("not an answer of the jailer: " + Printable.of(line));
  }

  private static JailerException error(String line) throws ProtocolException {
    int end = line.indexOf(' ', ERROR.length());
    JailerCode code =
        JailerCode.ofWire(line.substring(ERROR.length(), end < 0 ? line.length() : end));
    if (code == null) {
      throw new ProtocolException("unknown error code of the jailer: " + Printable.of(line));
    }
    return new JailerException(code, end < 0 ? "" : Printable.of(line.substring(end + 1)));
  }

  /** The {@code key=value} words of a line from an index on. */
  static Map<String, String> words(String line, int from) throws ProtocolException {
    Map<String, String> values = new HashMap<>();
    for (String word : line.substring(from).split(" ", -1)) {
      int equals = word.indexOf('=');
      if (equals <= 0
          || values.put(word.substring(0, equals), word.substring(equals + 1)) != null) {
        throw new ProtocolException("malformed answer of the jailer: " + Printable.of(line));
      }
    }
    return values;
  }

  String text(String key) throws ProtocolException {
    String value = values.get(key);
    if (value == null || value.isEmpty()) {
      throw new ProtocolException("the jailer's answer lacks " + key);
    }
    return value;
  }

  long number(String key) throws ProtocolException {
    return Numbers.parse(text(key));
  }
}
