package io.daytona.toolbox.terminal;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.Download;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The variables of a terminal that are too large for its label: its shell still has them. */
final class LargeEnvironment {
  /** More than an agent starts a program with. */
  private static final int MAX_BYTES = 1 << 20;

  private LargeEnvironment() {}

  /** The variables that were added; those that cannot be read are left out. */
  static Map<String, String> read(Agent agent, long pid, List<String> names) {
    Map<String, String> all = new LinkedHashMap<>();
    for (String variable : environ(agent, pid).split("\0", -1)) {
      int equals = variable.indexOf('=');
      if (equals > 0) {
        all.put(variable.substring(0, equals), variable.substring(equals + 1));
      }
    }
    all.keySet().retainAll(names);
    return all;
  }

  private static String environ(Agent agent, long pid) {
    try (Download file = agent.read("/proc/" + pid + "/environ", 0, MAX_BYTES)) {
      return new String(file.bytes().readAllBytes(), StandardCharsets.UTF_8);
    } catch (AgentException e) {
      if (e.errno() == 0) {
        throw e;
      }
      return "";
    } catch (IOException e) {
      throw new AgentException(0, AgentException.LOST, String.valueOf(e.getMessage()));
    }
  }
}
