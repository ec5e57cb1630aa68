package io.daytona.http.openapi;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.http.Access;
import io.daytona.http.Endpoint;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class OpenApiDocumentTest {
  record Wanted(String name, @Nullable Integer cpu) {}

  record Reply(
      @JsonProperty("_id") String id,
      Instant created,
      Map<String, String> labels,
      List<Inner> inner,
      @Nullable Inner one) {}

  record Inner(boolean on) {}

  private final JsonNode document =
      new OpenApiDocument("Daytona", "1")
          .add(
              "/api",
              List.of(
                  Endpoint.post(
                          "/thing/{id}",
                          "makeThing",
                          "Makes it.",
                          Access.permission("write:things"),
                          Wanted.class,
                          Reply.class,
                          200,
                          call -> {
                            throw new AssertionError("never called");
                          })
                      .header("X-Once", "Names the request.")))
          .json();

  @Test
  void describesTheOperation() {
    JsonNode operation = document.at("/paths/~1api~1thing~1{id}/post");
    assertEquals("makeThing", operation.path("operationId").asText());
    assertEquals("write:things", operation.path("x-permission").asText());
    assertEquals("id", operation.at("/parameters/0/name").asText());
    assertEquals("X-Once", operation.at("/parameters/1/name").asText());
    assertEquals("header", operation.at("/parameters/1/in").asText());
    assertEquals(
        "#/components/schemas/OpenApiDocumentTestWanted",
        operation.at("/requestBody/content/application~1json/schema/$ref").asText());
    assertTrue(operation.at("/responses/200/content/application~1json").isObject());
  }

  @Test
  void describesRecords() {
    JsonNode schema = document.at("/components/schemas/OpenApiDocumentTestReply");
    assertEquals("[\"_id\",\"created\",\"labels\",\"inner\"]", schema.path("required").toString());
    assertEquals("date-time", schema.at("/properties/created/format").asText());
    assertEquals("string", schema.at("/properties/labels/additionalProperties/type").asText());
    assertEquals("array", schema.at("/properties/inner/type").asText());
    assertEquals("null", schema.at("/properties/one/anyOf/1/type").asText());
    assertEquals(
        "[\"integer\",\"null\"]",
        document
            .at("/components/schemas/OpenApiDocumentTestWanted/properties/cpu/type")
            .toString());
  }
}
