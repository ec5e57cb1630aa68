package io.daytona.wire.error;

/**
 * The kinds of errors a client can meet, each with its HTTP status, reason phrase and wire code.
 *
 * <p>Source: control-plane protocol §1.2 and toolbox protocol §11 (codes of the daemon).
 */
public enum ErrorKind {
  BAD_REQUEST(400, "Bad Request", "BAD_REQUEST"),
  UNAUTHORIZED(401, "Unauthorized", "UNAUTHORIZED"),
  FORBIDDEN(403, "Forbidden", "FORBIDDEN"),
  NOT_FOUND(404, "Not Found", "NOT_FOUND"),
  METHOD_NOT_ALLOWED(405, "Method Not Allowed", "METHOD_NOT_ALLOWED"),
  REQUEST_TIMEOUT(408, "Request Timeout", "REQUEST_TIMEOUT"),
  CONFLICT(409, "Conflict", "CONFLICT"),
  GONE(410, "Gone", "GONE"),
  PAYLOAD_TOO_LARGE(413, "Payload Too Large", "PAYLOAD_TOO_LARGE"),
  UNPROCESSABLE(422, "Unprocessable Entity", "UNPROCESSABLE_ENTITY"),
  TOO_MANY_REQUESTS(429, "Too Many Requests", "TOO_MANY_REQUESTS"),
  INTERNAL(500, "Internal Server Error", "INTERNAL_SERVER_ERROR"),
  BAD_GATEWAY(502, "Bad Gateway", "BAD_GATEWAY"),
  UNAVAILABLE(503, "Service Unavailable", "SERVICE_UNAVAILABLE"),
  GATEWAY_TIMEOUT(504, "Gateway Timeout", "GATEWAY_TIMEOUT");

  private final int status;
  private final String reason;
  private final String code;

  ErrorKind(int status, String reason, String code) {
    this.status = status;
    this.reason = reason;
    this.code = code;
  }

  /** HTTP status. */
  public int status() {
    return status;
  }

  /** HTTP reason phrase, the {@code error} key of the API's error body. */
  public String reason() {
    return reason;
  }

  /** Default wire code. */
  public String code() {
    return code;
  }
}
