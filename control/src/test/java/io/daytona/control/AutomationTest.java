package io.daytona.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("slow")
class AutomationTest {
  private TestPlatform platform;

  @BeforeEach
  void start() {
    platform = TestPlatform.start();
  }

  @AfterEach
  void stop() {
    platform.close();
  }

  private void later(Duration time) throws InterruptedException {
    platform.clock.advance(time);
    platform.control().sandboxes().automate();
  }

  @Test
  void stopsWhatHasNotBeenUsedForItsInterval() throws InterruptedException {
    String idle = platform.create("{\"autoStopInterval\": 5}");
    String used = platform.create("{\"autoStopInterval\": 5}");
    String never = platform.create("{\"autoStopInterval\": 0}");
    String longer = platform.create("{}");
    later(Duration.ofMinutes(4));
    assertEquals("started", platform.state(idle));
    platform.control().gate().touch(used);
    later(Duration.ofSeconds(61));
    platform.awaitState(idle, "stopped");
    assertEquals("started", platform.state(used));
    assertEquals("started", platform.state(never));
    assertEquals("started", platform.state(longer));
    assertTrue(
        platform
            .one(
                "SELECT reason FROM sandbox_journal WHERE sandbox_id = ?::uuid"
                    + " AND to_state = 'stopping'",
                idle)
            .contains("auto-stop"));
    later(Duration.ofMinutes(5));
    platform.awaitState(used, "stopped");
  }

  private void jump(Duration by) throws InterruptedException {
    platform.clock.jump(by);
    platform.control().sandboxes().automate();
  }

  @Test
  void aClockThatJumpsForwardStopsAndDeletesNothing() throws InterruptedException {
    String idle = platform.create("{\"autoStopInterval\": 5}");
    String stopped = platform.create("{\"autoDeleteInterval\": 10}");
    platform.post("/sandbox/" + stopped + "/stop");
    platform.awaitState(stopped, "stopped");
    later(Duration.ofMinutes(4));
    jump(Duration.ofDays(400));
    later(Duration.ofSeconds(30));
    assertEquals("started", platform.state(idle));
    assertEquals("stopped", platform.state(stopped));
    later(Duration.ofSeconds(31));
    platform.awaitState(idle, "stopped");
    later(Duration.ofMinutes(6));
    platform.awaitState(stopped, "destroyed");
  }

  @Test
  void aClockThatJumpsWhileItIsLookedForWhatIsDueStopsNothing() throws InterruptedException {
    String idle = platform.create("{\"autoStopInterval\": 5}");
    platform.clock.jumpAfterNextRead(Duration.ofDays(1));
    platform.control().sandboxes().automate();
    platform.control().sandboxes().automate();
    assertEquals("started", platform.state(idle));
    later(Duration.ofMinutes(6));
    platform.awaitState(idle, "stopped");
  }

  @Test
  void aClockThatJumpsForwardLosesNoHistory() {
    String id = platform.create("{}");
    platform.delete("/sandbox/" + id);
    platform.awaitState(id, "destroyed");
    long told = platform.count("SELECT count(*) FROM sandbox_journal");
    platform.clock.jump(Duration.ofDays(400));
    platform.control().housekeeping();
    assertEquals(1, platform.count("SELECT count(*) FROM sandbox"));
    assertEquals(told, platform.count("SELECT count(*) FROM sandbox_journal"));
    platform.clock.advance(Duration.ofHours(25));
    platform.control().housekeeping();
    assertEquals(0, platform.count("SELECT count(*) FROM sandbox"));
  }

  @Test
  void aClockThatJumpsBackPutsNothingOff() throws InterruptedException {
    String idle = platform.create("{\"autoStopInterval\": 5}");
    String used = platform.create("{\"autoStopInterval\": 5}");
    later(Duration.ofMinutes(4));
    jump(Duration.ofDays(-400));
    platform.control().gate().touch(used);
    later(Duration.ofSeconds(30));
    assertEquals("started", platform.state(idle));
    later(Duration.ofSeconds(31));
    platform.awaitState(idle, "stopped");
    assertEquals("started", platform.state(used));
    later(Duration.ofMinutes(5));
    platform.awaitState(used, "stopped");
  }

  @Test
  void deletesEphemeralSandboxesInsteadOfStoppingThem() throws InterruptedException {
    String id = platform.create("{\"autoStopInterval\": 1, \"autoDeleteInterval\": 0}");
    later(Duration.ofMinutes(2));
    platform.awaitState(id, "destroyed");
  }

  @Test
  void deletesWhatStayedStoppedForItsInterval() throws InterruptedException {
    String id = platform.create("{\"autoDeleteInterval\": 10}");
    String kept = platform.create("{}");
    for (String each : new String[] {id, kept}) {
      platform.post("/sandbox/" + each + "/stop");
      platform.awaitState(each, "stopped");
    }
    later(Duration.ofMinutes(9));
    assertEquals("stopped", platform.state(id));
    later(Duration.ofMinutes(2));
    platform.awaitState(id, "destroyed");
    assertEquals("stopped", platform.state(kept));
  }

  @Test
  void countsTheLastActivityEndpointAsUse() throws InterruptedException {
    String id = platform.create("{\"autoStopInterval\": 5}");
    Instant before = Instant.parse(platform.get("/sandbox/" + id).text("lastActivityAt"));
    platform.clock.advance(Duration.ofMinutes(4));
    TestPlatform.Reply reply = platform.post("/sandbox/" + id + "/last-activity");
    assertEquals(201, reply.status());
    assertTrue(reply.body().isNull());
    Instant after = Instant.parse(platform.get("/sandbox/" + id).text("lastActivityAt"));
    assertTrue(Duration.between(before, after).compareTo(Duration.ofMinutes(4)) >= 0);
    later(Duration.ofMinutes(4));
    assertEquals("started", platform.state(id));
  }

  @Test
  void writesCollectedUseWhenItCloses() {
    String id = platform.create("{}");
    platform.clock.advance(Duration.ofMinutes(3));
    String before = platform.one("SELECT last_activity_at FROM sandbox WHERE id = ?::uuid", id);
    platform.control().gate().touch(id);
    platform.restart();
    String after = platform.one("SELECT last_activity_at FROM sandbox WHERE id = ?::uuid", id);
    assertTrue(after.compareTo(before) > 0, before + " then " + after);
  }
}
