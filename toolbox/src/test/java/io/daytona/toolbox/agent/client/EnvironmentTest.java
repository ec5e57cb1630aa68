package io.daytona.toolbox.agent.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.toolbox.agent.Agent.EnvironmentChange;
import io.daytona.toolbox.agent.Agent.Feature;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.Errno;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Changing what later programs find in their environment. */
@Timeout(60)
class EnvironmentTest extends AgentTest {
  private static final EnvironmentChange NOTHING = new EnvironmentChange(Set.of(), "", Map.of());

  @Test
  void removesByNameThenByValueThenSets() throws Exception {
    assertTrue(client.features().contains(Feature.ENVIRONMENT));
    client.identity("", Map.of("A", "secret-1", "B", "secret-2", "C", "3", "D", "4"), "", "/");
    EnvironmentChange change =
        new EnvironmentChange(
            Set.of("C", "ABSENT"), "secret-", Map.of("B", "secret-x", "E", "=\n"));
    Map<String, String> expected = Map.of("B", "secret-x", "D", "4", "E", "=\n");
    assertEquals(expected, client.environment(change));
    assertEquals("[][secret-x][][4]\n", run("echo \"[$A][$B][$C][$D]\"").stdout());
  }

  @Test
  void holdsForOtherConnectionsUntilTheIdentityIsSetAgain() {
    client.identity("", Map.of("A", "1"), "", "/");
    client.environment(new EnvironmentChange(Set.of(), "", Map.of("B", "2")));
    client.close();
    client = agent.connect();
    assertEquals(Map.of("A", "1", "B", "2"), client.environment(NOTHING));
    client.identity("", Map.of("A", "1"), "", "/");
    assertEquals(Map.of("A", "1"), client.environment(NOTHING));
  }

  @Test
  void whatDoesNotFitIsRefusedAndChangesNothing() {
    client.identity("", Map.of("A", "1"), "", "/");
    String large = "x".repeat(150_000);
    client.environment(new EnvironmentChange(Set.of(), "", Map.of("B", large)));
    EnvironmentChange more = new EnvironmentChange(Set.of("A"), "", Map.of("C", large));
    AgentException refusal = assertThrows(AgentException.class, () -> client.environment(more));
    assertEquals(Errno.E2BIG, refusal.errno());
    assertEquals(Map.of("A", "1", "B", large), client.environment(NOTHING));
  }
}
