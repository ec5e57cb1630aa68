package io.daytona.toolbox.telemetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.toolbox.RealAgent;
import io.daytona.toolbox.agent.client.AgentClient;
import io.daytona.toolbox.session.Entrypoint;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What sandboxes and operators may say, and where reading goes on. */
class BoundsTest {
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  @Test
  void readsLabelsAsFarAsTheyFit() {
    assertEquals(Map.of("a", "1", "b", "x=y"), Resources.extra(" a = 1 ,b=x=y,,c,=d"));
    assertEquals(Map.of(), Resources.extra("daytona_organization_id=x,service.name=y"));
    assertEquals(Map.of("k", ""), Resources.extra("k=," + "l".repeat(129) + "=1"));
    assertEquals(Map.of(), Resources.extra("k=" + "v".repeat(257)));
    StringBuilder many = new StringBuilder();
    for (int i = 0; i < 1_000; i++) {
      many.append('k').append(i).append("=v,");
    }
    assertEquals(32, Resources.extra(many.toString()).size());
    assertEquals(Map.of(), Resources.extra(",".repeat(9_000) + "k=v"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "collector:4318",
        "ftp://a",
        "http://",
        "http://u:p@a",
        "http://a?b",
        "http://a#b",
        "http://a:0",
        "http://a:70000",
        "http://a b",
        "file:///etc/passwd",
        "http:a"
      })
  void refusesWhatIsNoReceiver(String url) {
    assertEquals(Optional.empty(), Endpoints.parse(url));
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> new TelemetryConfig(Optional.of(url), Duration.ofSeconds(1)));
    assertFalse(String.valueOf(e.getMessage()).contains("u:p"));
  }

  @Test
  void addsThePathOfASignal() {
    assertEquals(
        "https://a.example:4318/x/v1/logs",
        Endpoints.of(Endpoints.parse("https://a.example:4318/x//").orElseThrow(), Signal.LOGS)
            .toString());
  }

  @Test
  @Timeout(60)
  void readsOnWhereALineBegan() throws Exception {
    try (RealAgent agent = RealAgent.start();
        AgentClient client = agent.connect()) {
      client.identity("", Map.of(), "root", agent.work().toString());
      String script = "printf 'one\\ntw'; printf e >&2; read x; printf 'o\\n'; printf 'rr\\n' >&2";
      client.spawn(Entrypoint.spawn(List.of("sh", "-c", script)).withStdin()).close();
      try (EntrypointReader reader = new EntrypointReader(client, 0)) {
        assertEquals("one", text(reader));
        // Both halves are held at the latest when nothing has come for a while.
        while (client.processes().getFirst().offset() < 7
            || reader.next(Duration.ofMillis(100)) != null) {
          Thread.onSpinWait();
        }
        assertEquals(4, reader.offset());
        client.input(Entrypoint.SESSION, new byte[] {'\n'}, false);
        assertEquals(
            List.of("err", "two"), List.of(text(reader), text(reader)).stream().sorted().toList());
        assertEquals(12, reader.offset());
        assertEquals(null, reader.next(PATIENCE));
        assertTrue(reader.ended());
      }
      try (EntrypointReader again = new EntrypointReader(client, 4)) {
        assertEquals("two", List.of(text(again), text(again)).stream().sorted().toList().getLast());
      }
    }
  }

  private static String text(EntrypointReader reader) throws InterruptedException {
    EntrypointLine line = reader.next(PATIENCE);
    return line == null ? "" : line.text();
  }
}
