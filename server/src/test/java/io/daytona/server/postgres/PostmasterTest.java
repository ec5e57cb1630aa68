package io.daytona.server.postgres;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PostmasterTest {
  private final CountDownLatch closing = new CountDownLatch(1);

  /** A process whose parent is gone, as that of an adopted server. */
  private static ProcessHandle orphan() throws Exception {
    Process shell =
        new ProcessBuilder("/bin/sh", "-c", "sleep 300 > /dev/null 2>&1 & echo $!").start();
    try (BufferedReader out =
        new BufferedReader(new InputStreamReader(shell.getInputStream(), StandardCharsets.UTF_8))) {
      ProcessHandle orphan = ProcessHandle.of(Long.parseLong(out.readLine())).orElseThrow();
      shell.waitFor();
      return orphan;
    }
  }

  /** The same when it has run for days: the JDK, which sleeps between its looks, tells nothing. */
  private static ProcessHandle old(ProcessHandle process) {
    return (ProcessHandle)
        Proxy.newProxyInstance(
            ProcessHandle.class.getClassLoader(),
            new Class<?>[] {ProcessHandle.class},
            (_, method, arguments) ->
                method.getName().equals("onExit")
                    ? new CompletableFuture<ProcessHandle>()
                    : method.invoke(process, arguments));
  }

  private Thread await(ProcessHandle process) {
    return Thread.ofVirtual()
        .start(() -> {
          try {
            Postmaster.awaitEnd(process, closing);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        });
  }

  @Test
  void theEndOfAnAdoptedServerIsNoticedSoon() throws Exception {
    ProcessHandle orphan = orphan();
    try {
      Thread waiting = await(old(orphan));
      assertFalse(waiting.join(Duration.ofMillis(1200)), "it runs");
      orphan.destroyForcibly();
      assertTrue(waiting.join(Duration.ofSeconds(5)), "it was not noticed");
    } finally {
      orphan.destroyForcibly();
    }
  }

  @Test
  void closingEndsTheWaitForAnAdoptedServer() throws Exception {
    ProcessHandle orphan = orphan();
    try {
      Thread waiting = await(old(orphan));
      closing.countDown();
      assertTrue(waiting.join(Duration.ofSeconds(5)), "it waits on");
      assertTrue(orphan.isAlive());
    } finally {
      orphan.destroyForcibly();
    }
  }

  @Test
  void theEndOfAChildIsNoticed() throws Exception {
    Process child = new ProcessBuilder("sleep", "300").start();
    Thread waiting = await(child.toHandle());
    child.destroyForcibly();
    assertTrue(waiting.join(Duration.ofSeconds(5)), "it was not noticed");
  }
}
