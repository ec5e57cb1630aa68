package io.daytona.toolbox.agent.client;

/** The agent sent something that the protocol does not allow; ends its connection. */
final class ProtocolViolation extends Exception {
  private static final long serialVersionUID = 1L;

  ProtocolViolation(String message) {
    super(message);
  }
}
