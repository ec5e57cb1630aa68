package io.daytona.toolbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.http.Json;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Instant;

/** Reads replies in tests. */
public final class Replies {
  private Replies() {}

  /** The JSON of a reply. */
  public static JsonNode json(HttpResponse<byte[]> reply) throws IOException {
    return Json.mapper().readTree(reply.body());
  }

  /** The JSON of a reply that must be a success. */
  public static JsonNode ok(HttpResponse<byte[]> reply) throws IOException {
    assertEquals(200, reply.statusCode(), () -> new String(reply.body(), StandardCharsets.UTF_8));
    return json(reply);
  }

  /** Checks an error reply: every key of the protocol, and these values. */
  public static void assertError(
      HttpResponse<byte[]> reply, int status, String code, String message) throws IOException {
    JsonNode body = json(reply);
    assertEquals(status, reply.statusCode(), body::toString);
    assertEquals(status, body.get("statusCode").intValue());
    assertEquals(code, body.get("code").textValue(), body::toString);
    assertTrue(body.get("message").textValue().startsWith(message), body::toString);
    assertTrue(body.get("path").textValue().startsWith("/"), body::toString);
    assertTrue(!body.get("path").textValue().startsWith("/toolbox"), body::toString);
    assertEquals(reply.request().method(), body.get("method").textValue());
    assertTrue(body.get("source").textValue().startsWith("DAYTONA_"), body::toString);
    assertTrue(Instant.parse(body.get("timestamp").textValue()).isAfter(Instant.EPOCH));
  }
}
