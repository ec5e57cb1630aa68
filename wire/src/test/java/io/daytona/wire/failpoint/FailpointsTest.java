package io.daytona.wire.failpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FailpointsTest {
  private static final Duration LONG = Duration.ofSeconds(30);

  @TempDir private Path directory;

  @Test
  void nothingIsArmedWithoutADirectory() {
    assertSame(Failpoints.NONE, Failpoints.in(null));
  }

  @Test
  void aThreadIsHeldAtTheNamedPlaceOnceAndNowhereElse() throws Exception {
    Failpoints failpoints = Failpoints.in(directory);
    List<String> passed = new CopyOnWriteArrayList<>();
    try (WatchService changes = directory.getFileSystem().newWatchService()) {
      Files.createFile(directory.resolve("named"));
      directory.register(changes, StandardWatchEventKinds.ENTRY_CREATE);
      Thread passing =
          Thread.startVirtualThread(() -> {
            for (String name : List.of("other", "named", "named", "end")) {
              failpoints.pass(name);
              passed.add(name);
            }
          });
      while (!Files.exists(directory.resolve("named.reached"))) {
        assertTrue(changes.poll(LONG.toSeconds(), TimeUnit.SECONDS).reset());
      }
      assertFalse(passing.join(Duration.ofMillis(50)));
      assertEquals(List.of("other"), passed);
      Files.delete(directory.resolve("named.reached"));
      assertTrue(passing.join(LONG));
    }
    assertEquals(List.of("other", "named", "named", "end"), passed);
  }

  @Test
  void aHeldThreadGoesOnWhenItIsInterrupted() throws Exception {
    Files.createFile(directory.resolve("named"));
    Thread passing =
        Thread.startVirtualThread(() -> {
          Failpoints.in(directory).pass("named");
          assertTrue(Thread.currentThread().isInterrupted());
        });
    passing.interrupt();
    assertTrue(passing.join(LONG));
  }

  @Test
  void aDirectoryThatCannotBeUsedIsNoSilentNothing() throws IOException {
    Path file = Files.createFile(directory.resolve("file"));
    Failpoints failpoints = Failpoints.in(file);
    assertThrows(UncheckedIOException.class, () -> failpoints.pass("named"));
  }
}
