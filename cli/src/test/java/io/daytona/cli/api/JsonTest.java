package io.daytona.cli.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JsonTest {
  @Test
  void whatIsWrittenIsRead() {
    Map<String, @Nullable Object> object = new LinkedHashMap<>();
    object.put("text", "two\nlines, \"quotes\", ä, \u0000");
    object.put("number", 4_711);
    object.put("large", 1L << 40);
    object.put("flag", true);
    object.put("none", null);
    object.put("list", Arrays.asList("a", 1, null, List.of(), Map.of("k", "v")));
    assertEquals(object, Json.read(Json.write(object)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "[]", "1", "{", "{\"a\":", "<html>", "{\"a\":[}"})
  void whatIsNoObjectHasNoKeys(String text) {
    assertEquals(Map.of(), Json.read(text));
  }

  @Test
  void aKeyThatIsNoTextIsEmpty() {
    assertEquals("", Json.text(Json.read("{\"a\":1,\"b\":null}"), "a"));
    assertEquals("", Json.text(Json.read("{\"a\":1,\"b\":null}"), "b"));
  }
}
