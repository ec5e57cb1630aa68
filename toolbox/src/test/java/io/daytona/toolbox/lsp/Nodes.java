package io.daytona.toolbox.lsp;

import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** Reads replies about symbols and completions, with every key that released clients require. */
final class Nodes {
  private Nodes() {}

  /** Names of symbols. */
  static List<String> names(JsonNode symbols) {
    List<String> names = new ArrayList<>();
    for (JsonNode symbol : symbols) {
      assertTrue(symbol.get("kind").isInt(), symbol::toString);
      assertTrue(symbol.at("/location/uri").isTextual(), symbol::toString);
      for (String end : List.of("start", "end")) {
        assertTrue(symbol.at("/location/range/" + end + "/line").isInt(), symbol::toString);
        assertTrue(symbol.at("/location/range/" + end + "/character").isInt(), symbol::toString);
      }
      names.add(symbol.get("name").textValue());
    }
    return names;
  }

  /** URIs of symbols of a name. */
  static List<String> uris(JsonNode symbols, String name) {
    List<String> uris = new ArrayList<>();
    for (JsonNode symbol : symbols) {
      if (symbol.get("name").textValue().equals(name)) {
        uris.add(symbol.at("/location/uri").textValue());
      }
    }
    return uris;
  }

  /** Labels of completions. */
  static List<String> labels(JsonNode list) {
    assertTrue(list.get("isIncomplete").isBoolean(), list::toString);
    List<String> labels = new ArrayList<>();
    for (JsonNode item : list.get("items")) {
      for (String key : List.of("detail", "sortText", "filterText", "insertText")) {
        assertTrue(!item.has(key) || item.get(key).isTextual(), item::toString);
      }
      assertTrue(!item.has("kind") || item.get("kind").isInt(), item::toString);
      assertTrue(
          !item.has("documentation") || item.at("/documentation/value").isTextual(),
          item::toString);
      labels.add(item.get("label").textValue());
    }
    return labels;
  }
}
