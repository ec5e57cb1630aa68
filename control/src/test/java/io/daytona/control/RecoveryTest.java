package io.daytona.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.wire.access.Credentials;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.runner.ExitCause;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a control plane finds when it starts after it, or everything, was killed. */
@Tag("slow")
class RecoveryTest {
  private TestPlatform platform;

  @BeforeEach
  void start() {
    platform = TestPlatform.start();
  }

  @AfterEach
  void stop() {
    platform.close();
  }

  /** A sandbox whose row is as a killed control plane left it. */
  private String left(String state, String desired, boolean runs) {
    String id = platform.create("{}");
    platform.execute(
        "UPDATE sandbox SET state = ?, desired_state = ? WHERE id = ?::uuid", state, desired, id);
    if (!runs) {
      platform.runner.running.remove(id);
    }
    return id;
  }

  @Test
  void finishesEveryPassingStateWhetherTheHostWasReachedOrNot() {
    String createdUnstarted = left("creating", "started", false);
    platform.runner.disks.remove(createdUnstarted);
    String createdStarted = left("creating", "started", true);
    String starting = left("starting", "started", false);
    String startingStarted = left("starting", "started", true);
    String stopping = left("stopping", "stopped", true);
    String stoppingStopped = left("stopping", "stopped", false);
    String destroying = left("destroying", "destroyed", true);
    String destroyingGone = left("destroying", "destroyed", false);
    platform.runner.disks.remove(destroyingGone);

    platform.restart();

    platform.awaitState(createdUnstarted, "started");
    platform.awaitState(createdStarted, "started");
    platform.awaitState(starting, "started");
    platform.awaitState(startingStarted, "started");
    platform.awaitState(stopping, "stopped");
    platform.awaitState(stoppingStopped, "stopped");
    platform.awaitState(destroying, "destroyed");
    platform.awaitState(destroyingGone, "destroyed");
    assertTrue(platform.runner.running.contains(createdUnstarted));
    assertFalse(platform.runner.running.contains(stopping));
    assertFalse(platform.runner.disks.containsKey(destroying));
    assertEquals("started", platform.get("/sandbox/" + starting).text("state"));
  }

  @Test
  void stopsRowsThatDoNotRunAndEndsWhatShouldNotRun() {
    String dead = left("started", "started", false);
    String filler = left("started", "started", false);
    platform.runner.causes.put(filler, ExitCause.POOL_FULL);
    String alive = left("started", "started", true);
    String unwanted = left("stopped", "stopped", true);
    String errored = left("error", "started", true);
    String unknown = left("started", "started", true);
    platform.execute("DELETE FROM sandbox WHERE id = ?::uuid", unknown);

    platform.restart();

    assertEquals("stopped", platform.state(dead));
    assertTrue(
        platform
            .one(
                "SELECT reason FROM sandbox_journal WHERE sandbox_id = ?::uuid ORDER BY id DESC",
                dead)
            .contains("did not run"));
    assertTrue(
        platform.get("/sandbox/" + filler).text("errorReason").startsWith("no space left on the"));
    assertEquals("started", platform.state(alive));
    assertTrue(platform.runner.running.contains(alive));
    platform.await("ended", () -> !platform.runner.running.contains(unwanted));
    platform.await("ended", () -> !platform.runner.running.contains(errored));
    assertEquals("stopped", platform.state(unwanted));
    assertFalse(platform.runner.disks.containsKey(unknown));
    assertEquals(
        alive,
        platform
            .control()
            .gate()
            .authorize(alive, new Credentials(TestPlatform.KEY, null, null))
            .sandboxId());
  }

  @Test
  void keepsTryingToFinishACreationUntilItIsTooLate() {
    AtomicInteger attempts = new AtomicInteger();
    String id = left("creating", "started", false);
    platform.runner.beforeStart =
        spec -> {
          attempts.incrementAndGet();
          throw DaytonaException.unavailable("no slot is free", Duration.ofSeconds(1));
        };
    platform.restart();
    platform.await("first attempt", () -> attempts.get() > 0);
    platform.clock.advance(Duration.ofSeconds(10));
    platform.await(
        "another attempt",
        () -> {
          platform.control().sandboxes().finishAbandoned();
          return attempts.get() > 1;
        });
    assertEquals("creating", platform.state(id));
    platform.clock.advance(Duration.ofMinutes(16));
    platform.await(
        "given up",
        () -> {
          platform.control().sandboxes().finishAbandoned();
          return platform.state(id).equals("error");
        });
    assertEquals("timeout while creating", platform.get("/sandbox/" + id).text("errorReason"));
  }

  @Test
  void noticesASandboxThatIsGoneWithoutAnEvent() {
    String id = platform.create("{}");
    platform.runner.running.remove(id);
    platform.control().sandboxes().compareWithHost();
    platform.control().sandboxes().compareWithHost();
    platform.awaitState(id, "stopped");
  }

  @Test
  void removesWhatRunsWithoutARow() {
    String known = platform.create("{}");
    platform.runner.running.add("00000000-0000-4000-8000-000000000001");
    platform.control().sandboxes().compareWithHost();
    platform.await("removed", () -> platform.runner.running.equals(Set.of(known)));
  }

  @Test
  void endsWhatRunsThoughItShouldNot() {
    String id = platform.create("{}");
    platform.post("/sandbox/" + id + "/stop");
    platform.awaitState(id, "stopped");
    platform.runner.running.add(id);
    platform.await(
        "ended",
        () -> {
          platform.control().sandboxes().compareWithHost();
          return !platform.runner.running.contains(id);
        });
    assertTrue(platform.runner.calls.contains("kill " + id));
    assertEquals("stopped", platform.state(id));
  }

  @Test
  void removesRowsOfSandboxesDestroyedLongAgo() {
    String old = platform.create("{}");
    platform.delete("/sandbox/" + old);
    platform.awaitState(old, "destroyed");
    platform.clock.advance(Duration.ofHours(25));
    String young = platform.create("{}");
    platform.delete("/sandbox/" + young);
    platform.awaitState(young, "destroyed");
    platform.control().housekeeping();
    assertEquals("no row", platform.state(old));
    assertEquals("destroyed", platform.state(young));
  }
}
