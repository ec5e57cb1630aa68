package io.daytona.control.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.daytona.http.Json;
import io.daytona.wire.error.DaytonaException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a client may write into requests about sandboxes. The first byte chooses the parser. */
public final class SandboxParsersTest {
  /** Valid inputs, in ISO 8859-1. */
  public static final List<String> SEEDS =
      List.of(
          "ceyJzb3J0VmFsdWUiOiJhIiwiaWQiOiIwMTIzNDU2Ny04OWFiLWNkZWYtMDEyMy00NTY3ODlhYmNkZWYifQ",
          "cCREATED eyJzb3J0VmFsdWUiOiIyMDI2LTAxLTMxVDEyOjAwOjAwWiIsImlkIjoiMDEyMzQ1NjctODlhYi1jZGVmLTAxMjMtNDU2Nzg5YWJjZGVmIn0",
          "cCPU eyJzb3J0VmFsdWUiOiIxIiwiaWQiOiIwMTIzNDU2Ny04OWFiLWNkZWYtMDEyMy00NTY3ODlhYmNkZWYifQ",
          "v{\"sortValue\":\"1\",\"id\":\"01234567-89ab-cdef-0123-456789abcdef\"}",
          "i15",
          "nMy box (2)",
          "l{\"a\":\"b\",\"c\":\"\"}",
          "b{\"name\":\"a\",\"snapshot\":\"s\",\"env\":{\"A\":\"b\"},\"labels\":{\"k\":\"v\"},\"cpu\":1,\"volumes\":[]}");

  /** Loads what parsing needs, which counts for no input. */
  public static void fuzzerInitialize() {
    accepts(new byte[] {'b', '{', '}'});
  }

  /** The entry point of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] input) {
    accepts(input);
  }

  static boolean accepts(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8);
    String rest = text.isEmpty() ? "" : text.substring(1);
    try {
      return switch (text.isEmpty() ? ' ' : text.charAt(0)) {
        case 'c' -> cursor(rest);
        case 'v' -> value(rest);
        case 'i' -> interval(Intervals.parse(rest));
        case 'n' -> DisplayName.check("name", rest).length() <= 255;
        case 'l' -> labels(SandboxFilter.parsed(rest));
        case 'b' -> body(rest);
        default -> false;
      };
    } catch (DaytonaException e) {
      assertEquals(400, e.kind().status(), e.sentence());
      return false;
    }
  }

  private static boolean interval(int minutes) {
    assertEquals(minutes, Intervals.parse(Integer.toString(minutes)));
    return true;
  }

  private static boolean cursor(String text) {
    String[] words = text.split(" ", 2);
    SandboxSort sort =
        Stream.of(SandboxSort.values())
            .filter(order -> order.name().equals(words[0]))
            .findAny()
            .orElse(SandboxSort.NAME);
    SandboxCursor cursor = SandboxCursor.parse(words[words.length - 1], sort);
    assertEquals(cursor, SandboxCursor.parse(cursor.text(), sort), "another cursor");
    return taken(cursor, sort);
  }

  /** Cursors without their encoding, in every order. */
  private static boolean value(String json) {
    boolean any = false;
    try {
      SandboxCursor cursor = Json.mapper().readValue(json, SandboxCursor.class);
      for (SandboxSort sort : SandboxSort.values()) {
        if (cursor != null && cursor.sortValue() != null && sort.accepts(cursor.sortValue())) {
          any |= taken(cursor, sort);
        }
      }
    } catch (JsonProcessingException e) {
      return false;
    }
    return any;
  }

  /** Whether PostgreSQL casts the value to the type of its column. */
  private static boolean taken(SandboxCursor cursor, SandboxSort sort) {
    String pattern =
        switch (sort.type()) {
          case "integer" -> "-?[0-9]{1,10}";
          case "timestamptz" ->
              "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]+)?Z";
          default -> "[^\0]*";
        };
    assertTrue(cursor.sortValue().matches(pattern), sort + " " + cursor.sortValue());
    return true;
  }

  private static boolean labels(Map<String, String> labels) {
    return !Strings.labels(labels).isEmpty();
  }

  private static boolean body(String json) {
    try {
      CreateSandboxBody body = Json.mapper().readValue(json, CreateSandboxBody.class);
      if (body == null) {
        return false;
      }
      Map<String, String> env = Strings.environment(body.env());
      assertTrue(env.keySet().stream().noneMatch(name -> name.contains("=")), "a name");
      assertTrue(Strings.labels(body.labels()).values().stream().noneMatch(v -> v.contains("\0")));
      return body.name() == null || DisplayName.check("name", body.name()).equals(body.name());
    } catch (JsonProcessingException e) {
      return false;
    }
  }

  @Test
  void seedsAreAccepted() {
    for (String seed : SEEDS) {
      assertTrue(accepts(seed.getBytes(StandardCharsets.ISO_8859_1)), seed);
    }
  }
}
