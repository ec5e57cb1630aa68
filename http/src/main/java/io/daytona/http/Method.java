package io.daytona.http;

/** HTTP methods of the endpoint table. */
public enum Method {
  GET,
  POST,
  PUT,
  PATCH,
  DELETE
}
