package io.daytona.toolbox.agent.client;

/** What a stream received from the agent, in order. */
sealed interface Received {
  /**
   * Bytes of a channel.
   *
   * @param channel 1 or 2
   * @param bytes the bytes, owned by the receiver
   */
  record Bytes(int channel, byte[] bytes) implements Received {}

  /**
   * A channel ended.
   *
   * @param channel 1 or 2
   */
  record End(int channel) implements Received {}

  /**
   * The stream ended.
   *
   * @param status exit code, or minus the signal
   */
  record Exit(int status) implements Received {}
}
