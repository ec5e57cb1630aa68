package io.daytona.runner.sandbox;

import io.daytona.toolbox.agent.Agent;
import java.nio.file.Path;
import java.time.Duration;

/** Connects to agents; {@code AgentClient::connect} in production. */
@FunctionalInterface
public interface AgentConnector {
  /**
   * Connects and shakes hands.
   *
   * @throws io.daytona.toolbox.agent.AgentException when the agent does not answer in time
   */
  Agent connect(Path socket, Duration timeout);
}
