package io.daytona.toolbox.computeruse;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.daytona.http.Call;
import io.daytona.http.Json;
import io.daytona.http.RawReply;
import io.daytona.toolbox.error.ErrorBody;
import io.daytona.toolbox.error.ToolboxErrors;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The 503 of a sandbox without a desktop: the keys of the older generation beside those of the
 * newer (toolbox protocol §10.1, §11.2).
 */
final class NoDesktop {
  private static final int STATUS = 503;
  private static final String MESSAGE = "Computer-use functionality is not available";

  private NoDesktop() {}

  /**
   * The reply.
   *
   * @param accessibility whether an accessibility route was called, which has a code of its own
   */
  static RawReply reply(Call<?> call, boolean accessibility) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("statusCode", STATUS);
    body.put("message", accessibility ? "accessibility bus not reachable" : MESSAGE);
    body.put("code", accessibility ? "A11Y_UNAVAILABLE" : "SERVICE_UNAVAILABLE");
    body.put("details", "This sandbox was made from an image without a desktop.");
    body.put("solution", "Create a sandbox from a snapshot with a desktop.");
    ErrorBody common =
        ErrorBody.now(
            STATUS, "", "", ToolboxErrors.path(call.uri()), call.method(), ErrorBody.DAEMON);
    body.put("timestamp", common.timestamp());
    body.put("path", common.path());
    body.put("method", common.method());
    body.put("source", common.source());
    byte[] bytes = bytes(body);
    return new RawReply(
        STATUS, "application/json", bytes.length, Map.of(), out -> out.write(bytes));
  }

  private static byte[] bytes(Map<String, Object> body) {
    try {
      return Json.mapper().writeValueAsBytes(body);
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }
}
