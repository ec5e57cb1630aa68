package io.daytona.toolbox.system;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.error.ToolboxError;
import io.daytona.toolbox.fsutil.ToolFields;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** The TCP ports of a sandbox. */
final class Ports {
  private static final int FIRST = 3000;
  private static final int LAST = 9999;
  private static final int MAX_PORT = 65_535;
  private static final Duration LOOK = Duration.ofMillis(50);

  /** Ports that something listens on, ascending. */
  List<Integer> listening(Agent agent) throws InterruptedException {
    List<Integer> ports = new ArrayList<>();
    for (String field : ToolFields.of(agent, "ports")) {
      if (field.matches("\\d{1,5}") && Integer.parseInt(field) <= MAX_PORT) {
        ports.add(Integer.parseInt(field));
      }
    }
    return ports;
  }

  /** Whether something takes connections on a port; a connection is made to see it. */
  boolean inUse(Agent agent, int port) throws InterruptedException {
    try {
      agent.dial("127.0.0.1", port, LOOK).close();
      return true;
    } catch (AgentException e) {
      if (e.errno() == 0) {
        throw e;
      }
      return listening(agent).contains(port); // bound, but its queue is full
    }
  }

  /**
   * A port the reference answers for.
   *
   * @throws io.daytona.wire.error.DaytonaException 400 for any other text
   */
  static int inRange(String text) {
    if (text.matches("\\d{4}") && Integer.parseInt(text) >= FIRST) {
      return Integer.parseInt(text);
    }
    throw ToolboxError.badRequest("port must be a number between " + FIRST + " and " + LAST);
  }
}
