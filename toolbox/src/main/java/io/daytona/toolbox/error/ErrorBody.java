package io.daytona.toolbox.error;

import java.time.Instant;
import java.time.temporal.ChronoUnit;

/**
 * The body of every error reply (toolbox protocol §11.2; keys of both client generations).
 *
 * @param statusCode HTTP status
 * @param message sentence
 * @param code wire code
 * @param timestamp RFC 3339
 * @param path path of the request inside the toolbox, or the file meant in a bulk download
 * @param method HTTP method
 * @param source who raised it
 */
public record ErrorBody(
    int statusCode,
    String message,
    String code,
    String timestamp,
    String path,
    String method,
    String source) {

  /** Errors of the toolbox itself. */
  public static final String DAEMON = "DAYTONA_DAEMON";

  /** Errors of what stands before it. */
  public static final String PROXY = "DAYTONA_PROXY";

  /** An error that happens now. */
  public static ErrorBody now(
      int status, String message, String code, String path, String method, String source) {
    String timestamp = Instant.now().truncatedTo(ChronoUnit.MICROS).toString();
    return new ErrorBody(status, message, code, timestamp, path, method, source);
  }
}
