package io.daytona.http;

/** HTTP methods of the endpoint table. */
public enum Method {
  GET,
  POST,
  PUT,
  PATCH,
  DELETE,
  /** Whatever method the client sends, for what passes requests on. */
  ANY
}
