package io.daytona.toolbox.agent.client;

import io.daytona.toolbox.agent.AgentInput;

/** The input of a process at the other end of a stream. */
record StreamFeed(AgentStream stream) implements AgentInput {
  @Override
  public void write(byte[] bytes, int offset, int length) {
    stream.send(Protocol.STDIN, bytes, offset, length);
  }

  @Override
  public void close() {
    stream.close();
  }
}
