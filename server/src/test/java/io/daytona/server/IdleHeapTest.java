package io.daytona.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A JVM with the platform's collector, whose heap was large and holds little. */
@Timeout(60)
class IdleHeapTest {
  private static final long MIB = 1 << 20;

  /** The program: fills the heap, forgets it, then says how large it is until it is small. */
  static final class Idle {
    private Idle() {}

    /** Ends when the heap is a third of what it was. */
    public static void main(String[] arguments) {
      fill();
      long full = Runtime.getRuntime().totalMemory();
      System.out.println(full / MIB);
      IdleHeap heap = new IdleHeap(Duration.ofMillis(100), 48 * MIB);
      while (Runtime.getRuntime().totalMemory() > full / 3) {
        LockSupport.parkNanos(1_000_000);
      }
      heap.close();
      System.out.println(Runtime.getRuntime().totalMemory() / MIB);
    }

    private static void fill() {
      List<byte[]> kept = new ArrayList<>();
      for (int i = 0; i < 120; i++) {
        kept.add(new byte[(int) MIB]);
      }
      if (kept.size() != 120) {
        throw new IllegalStateException();
      }
    }
  }

  @Test
  void memoryGoesBackToTheHost() throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xms32m",
                "-Xmx256m",
                "-XX:+UseSerialGC",
                "-XX:-ShrinkHeapInSteps",
                "-cp",
                System.getProperty("java.class.path"),
                Idle.class.getName())
            .redirectErrorStream(true)
            .start();
    try {
      assertTrue(process.waitFor(40, TimeUnit.SECONDS), "the heap stayed as large as it was");
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertEquals(0, process.exitValue(), output);
      List<String> lines = output.lines().toList();
      long full = Long.parseLong(lines.get(0));
      long idle = Long.parseLong(lines.get(lines.size() - 1));
      assertTrue(full >= 120 && idle <= full / 3, output);
    } finally {
      process.destroyForcibly();
    }
  }
}
