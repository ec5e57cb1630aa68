package io.daytona.control;

import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import io.daytona.http.ErrorRenderer;
import io.daytona.wire.error.DaytonaException;
import java.time.Clock;
import java.time.Instant;

/** The shape of errors below {@code /api} (control-plane protocol §1.2). */
final class ApiErrors implements ErrorRenderer {
  private static final String SOURCE = "DAYTONA_API";

  private final Clock clock;

  ApiErrors(Clock clock) {
    this.clock = clock;
  }

  /** The body of an error reply. */
  @JsonPropertyOrder({"path", "timestamp", "statusCode", "error", "message", "code", "source"})
  record Body(
      String path,
      Instant timestamp,
      int statusCode,
      String error,
      String message,
      String code,
      String source) {}

  @Override
  public Object render(DaytonaException error, String method, String uri) {
    return new Body(
        uri,
        clock.instant(),
        error.kind().status(),
        error.kind().reason(),
        error.sentence(),
        error.code(),
        SOURCE);
  }
}
