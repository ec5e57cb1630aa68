package io.daytona.control;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("slow")
class OverloadTest {
  /** One create at a time, one waiting for at most a second. */
  private static final ControlConfig NARROW =
      new ControlConfig(
          Optional.empty(),
          "us",
          Optional.empty(),
          "proxy.localhost:4000",
          Optional.empty(),
          "daytona-small",
          "0.1.0",
          "test",
          43200,
          1,
          1,
          1,
          75,
          5);

  @Test
  void refusesWhatWouldWaitTooLongAndLeavesNothingOfIt() throws InterruptedException {
    try (TestPlatform platform = TestPlatform.start(FakeRunner.withImage(), NARROW);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      FakeRunner.HeldStarts held = platform.runner.holdStarts();
      CompletableFuture<TestPlatform.Reply> first =
          CompletableFuture.supplyAsync(() -> platform.post("/sandbox", "{}"), threads);
      held.begun().await();
      TestPlatform.Reply second = platform.post("/sandbox", "{}");
      assertEquals(503, second.status());
      assertEquals("5", second.header("retry-after"));
      assertEquals(1, platform.count("SELECT count(*) FROM sandbox"));
      held.release().countDown();
      assertEquals(200, first.join().status());
      assertEquals(200, platform.post("/sandbox", "{}").status());
    }
  }
}
