package io.daytona.http;

import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.util.LinkedHashMap;
import java.util.Map;

/** Gives an error the documented shape of one API. */
@FunctionalInterface
public interface ErrorRenderer {
  /** Wire code of a body that is not JSON. */
  String MALFORMED_JSON = "MALFORMED_JSON";

  /** Wire code of a body that is JSON but not of the expected types. */
  String WRONG_BODY = "INVALID_REQUEST_BODY";

  /** The JSON body of an error reply. */
  Object render(DaytonaException error, String method, String uri);

  /**
   * The JSON body of the reply to a body that is not JSON. The reference API leaves path and
   * timestamp out in this one case (control-plane protocol §1.1); an API that does not overrides
   * this by {@link #render}.
   */
  default Object renderMalformedJson(DaytonaException error, String method, String uri) {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put("message", error.sentence());
    body.put("error", ErrorKind.BAD_REQUEST.reason());
    body.put("statusCode", ErrorKind.BAD_REQUEST.status());
    return body;
  }
}
