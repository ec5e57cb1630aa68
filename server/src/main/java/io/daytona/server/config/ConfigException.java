package io.daytona.server.config;

/** The configuration cannot be used; the message says which key and what is allowed. */
public final class ConfigException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /** A sentence for the operator; never holds a secret. */
  public ConfigException(String message) {
    super(message);
  }
}
