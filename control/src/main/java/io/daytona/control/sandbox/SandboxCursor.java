package io.daytona.control.sandbox;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.daytona.http.Json;
import io.daytona.wire.Ids;
import io.daytona.wire.error.DaytonaException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/**
 * Where a page of the cursor list ended; opaque to clients (control-plane protocol §4.1).
 *
 * @param sortValue value of the sorted column in the last row
 * @param id id of the last row
 */
record SandboxCursor(String sortValue, String id) {

  static SandboxCursor after(Sandbox last, SandboxSort sort) {
    return new SandboxCursor(sort.value(last), last.id());
  }

  /**
   * Reads a cursor.
   *
   * @throws DaytonaException 400 when it is not one of this list in this order
   */
  static SandboxCursor parse(String text, SandboxSort sort) {
    try {
      byte[] json = Base64.getUrlDecoder().decode(text);
      SandboxCursor cursor = Json.mapper().readValue(json, SandboxCursor.class);
      if (cursor != null
          && cursor.sortValue != null
          && cursor.id != null
          && Ids.isUuid(cursor.id)
          && sort.accepts(cursor.sortValue)) {
        return cursor;
      }
    } catch (IllegalArgumentException | IOException e) {
      throw DaytonaException.of(io.daytona.wire.error.ErrorKind.BAD_REQUEST, INVALID, e);
    }
    throw DaytonaException.badRequest(INVALID);
  }

  private static final String INVALID =
      "Invalid cursor: it must be the nextCursor of a reply with the same sort and order";

  /** As clients see it. */
  String text() {
    try {
      // URL-safe and without padding: clients put it into a query, not all of them escaped.
      return Base64.getUrlEncoder()
          .withoutPadding()
          .encodeToString(Json.mapper().writeValueAsString(this).getBytes(StandardCharsets.UTF_8));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a record of strings can always be written as JSON", e);
    }
  }
}
