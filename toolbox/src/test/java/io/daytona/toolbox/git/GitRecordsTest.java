package io.daytona.toolbox.git;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.daytona.toolbox.RealAgent;
import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.Spawn;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;

/** Output of programs as records. */
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("slow")
class GitRecordsTest {
  private static final Duration LONG = Duration.ofMinutes(1);
  private RealAgent program;
  private Agent agent;

  @BeforeAll
  void start() throws Exception {
    program = RealAgent.start();
    agent = program.connect();
  }

  @AfterAll
  void stop() throws Exception {
    agent.close();
    program.close();
  }

  @Test
  void oneByOne() throws Exception {
    try (GitRecords records = records("printf 'a\\0\\0bc\\0rest'; echo e >&2; exit 3", LONG)) {
      assertArrayEquals("a".getBytes(UTF_8), records.next());
      assertArrayEquals(new byte[0], records.next());
      assertArrayEquals("bc".getBytes(UTF_8), records.next());
      assertArrayEquals("rest".getBytes(UTF_8), records.next());
      assertNull(records.next());
      assertEquals(3, records.status());
      assertEquals("e\n", records.errors());
    }
  }

  @Test
  void oneThatIsTooLarge() throws Exception {
    String script =
        "head -c 16777216 /dev/zero | tr '\\0' x; printf '\\0'; head -c 16777300 /dev/zero | tr '\\0' x";
    try (GitRecords records = records(script, LONG)) {
      byte[] first = records.next();
      assertNotNull(first);
      assertEquals(16 << 20, first.length);
      assertEquals("too large", assertThrows(DaytonaException.class, records::next).sentence());
    }
  }

  @Test
  void whatIsTakenWholeIsSmall() throws Exception {
    try (GitRecords records = records("head -c 5000000 /dev/zero | tr '\\0' x", LONG)) {
      assertEquals("too large", assertThrows(DaytonaException.class, records::rest).sentence());
    }
  }

  @Test
  void theLargeOnesShareTheirMemory() throws Exception {
    String script = "head -c 14000000 /dev/zero | tr '\\0' x; exec sleep 600";
    long most = Math.max(16 << 20, Runtime.getRuntime().maxMemory() / 16) / 14_000_000;
    List<GitRecords> held = new ArrayList<>();
    try {
      for (int i = 0; i <= most; i++) {
        held.add(records(script, Duration.ofSeconds(2)));
        assertEquals(
            i < most ? "too slow" : "too large",
            assertThrows(DaytonaException.class, held.getLast()::next).sentence());
      }
    } finally {
      held.forEach(GitRecords::close);
    }
    try (GitRecords records = records(script, Duration.ofSeconds(2))) {
      assertEquals("too slow", assertThrows(DaytonaException.class, records::next).sentence());
    }
  }

  @Test
  void theNewestErrorsAreKept() throws Exception {
    try (GitRecords records = records("yes | head -c 1000000 >&2; printf last >&2", LONG)) {
      assertEquals(0, records.rest().length);
      assertEquals(32 << 10, records.errors().length());
      assertEquals("last", records.errors().substring((32 << 10) - 4));
    }
  }

  @Test
  void oneThatNeverComes() throws Exception {
    try (GitRecords records = records("printf some; exec sleep 600", Duration.ofMillis(300))) {
      assertEquals("too slow", assertThrows(DaytonaException.class, records::next).sentence());
    }
  }

  private GitRecords records(String script, Duration silence) {
    Spawn spawn =
        Spawn.merged(List.of("sh", "-c", script), Map.of(), program.work().toString()).unmerged();
    return new GitRecords(agent.spawn(spawn), '\0', new Silence(silence));
  }

  /** Gives up a process that writes nothing. */
  private record Silence(Duration untilLook) implements GitRecords.Watch {
    @Override
    public DaytonaException tooLarge() {
      return DaytonaException.badRequest("too large");
    }

    @Override
    public void look() {
      throw DaytonaException.of(ErrorKind.REQUEST_TIMEOUT, "too slow");
    }

    @Override
    public void heard() {}
  }
}
