package io.daytona.toolbox.agent.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.AgentSocket;
import io.daytona.toolbox.agent.Download;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.agent.Spawn;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The connection: many streams, slow readers, refusals, loss. */
@Timeout(60)
class AgentClientTest extends AgentTest {
  @Test
  void saysWhoItIs() {
    assertTrue(client.version().length() <= 64);
    assertTrue(client.boot().matches("[0-9a-f]{16}"));
    assertTrue(client.isOpen());
    try (AgentClient second = agent.connect()) {
      assertEquals(client.boot(), second.boot(), "the same boot over any connection");
    }
  }

  @Test
  void refusalsCarryTheKernelsErrorNumber() {
    Spawn missing = Spawn.merged(List.of("/no/such/program"), Map.of(), "");
    assertEquals(
        Errno.ENOENT, assertThrows(AgentException.class, () -> client.spawn(missing)).errno());
    Spawn elsewhere = Spawn.merged(List.of("/bin/true"), Map.of(), "/no/such/place");
    assertEquals(
        Errno.ENOENT, assertThrows(AgentException.class, () -> client.spawn(elsewhere)).errno());
    assertEquals(
        Errno.EISDIR, assertThrows(AgentException.class, () -> client.read("/tmp", 0, -1)).errno());
    assertEquals(
        Errno.EINVAL,
        assertThrows(AgentException.class, () -> client.stat("/tmp/\0", true)).errno());
    assertEquals(
        Errno.E2BIG,
        assertThrows(
                AgentException.class,
                () -> client.spawn(shell("true", Map.of("BIG", "x".repeat(300_000)))))
            .errno());
    assertTrue(client.isOpen(), "a refusal leaves the connection alone");
  }

  @Test
  void manyStreamsAtOnceDoNotMeet() throws Exception {
    try (ExecutorService pool = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<String>> all = new ArrayList<>();
      for (int i = 0; i < 150; i++) {
        String text = "stream-" + i;
        all.add(pool.submit(() -> run("echo " + text + "; seq 1 2000 | tail -1").stdout()));
      }
      for (int i = 0; i < all.size(); i++) {
        assertEquals("stream-" + i + "\n2000\n", all.get(i).get());
      }
    }
  }

  @Test
  void aSlowReaderStopsTheProgramAndNobodyElse() throws Exception {
    Path counter = agent.work().resolve("written");
    String flood =
        "exec 3>"
            + counter
            + "; i=0; while [ $i -lt 64 ]; do head -c 1048576 /dev/zero; i=$((i+1));"
            + " echo $i >&3; done";
    try (AgentProcess slow = client.spawn(shell(flood))) {
      assertEquals("quick\n", run("echo quick").stdout(), "another stream goes on");
      awaitStandstill(counter);
      long blocks = Files.readAllLines(counter).size();
      assertTrue(blocks < 8, "the program was held back after " + blocks + " MiB");
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      assertEquals(0, drain(slow, all));
      assertEquals(64 << 20, all.size());
    }
  }

  @Test
  void dialsBothWaysAndHalfCloses() throws Exception {
    try (ServerSocket server = new ServerSocket()) {
      server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      Thread echo = Thread.startVirtualThread(() -> reverseOnce(server));
      try (AgentSocket socket = client.dial("127.0.0.1", server.getLocalPort(), LONG)) {
        socket.output().write("abc".getBytes(UTF_8));
        socket.output().close();
        assertEquals("cba", new String(socket.input().readAllBytes(), UTF_8));
      }
      echo.join();
    }
  }

  @Test
  void aLostAgentFailsEverythingAtOnce() throws Exception {
    // `exec`: the shell's own child would outlive the test.
    AgentProcess sleeping = client.spawn(shell("exec sleep 1000"));
    ProcessHandle child = ProcessHandle.of(sleeping.pid()).orElseThrow();
    Path big = agent.work().resolve("big");
    Files.write(big, new byte[32 << 20]);
    Download download = client.read(big.toString(), 0, -1);
    agent.kill();
    AgentException lost = assertThrows(AgentException.class, () -> sleeping.next(LONG));
    assertEquals(AgentException.LOST, lost.code());
    assertThrows(IOException.class, () -> download.bytes().readAllBytes());
    assertFalse(client.isOpen());
    assertEquals(
        AgentException.LOST,
        assertThrows(AgentException.class, () -> client.stat("/", true)).code());
    child.destroyForcibly();
  }

  @Test
  void nobodyThereIsSaidInTime() {
    Path nowhere = agent.work().resolve("nobody.sock");
    assertEquals(
        AgentException.LOST,
        assertThrows(AgentException.class, () -> AgentClient.connect(nowhere, SHORT)).code());
  }

  @Test
  void interruptingACallerLeavesTheConnectionToTheOthers() throws Exception {
    try (AgentProcess process = client.spawn(shell("sleep 1000"))) {
      Thread waiter =
          Thread.startVirtualThread(
              () -> assertThrows(InterruptedException.class, () -> process.next(LONG)));
      waiter.interrupt();
      waiter.join();
    }
    Thread interrupted =
        Thread.startVirtualThread(() -> {
          Thread.currentThread().interrupt();
          assertEquals(
              Errno.EINTR,
              assertThrows(AgentException.class, () -> client.stat("/", true)).errno());
        });
    interrupted.join();
    assertEquals("alive\n", run("echo alive").stdout());
  }

  /** Waits until a growing file has not changed for a while. */
  private static void awaitStandstill(Path file) throws IOException {
    long deadline = System.nanoTime() + LONG.toNanos();
    long since = System.nanoTime();
    long size = -1;
    while (System.nanoTime() - since < SHORT.toNanos()) {
      long now = Files.exists(file) ? Files.size(file) : 0;
      if (now != size) {
        size = now;
        since = System.nanoTime();
      }
      assertTrue(System.nanoTime() < deadline, "the file never stopped growing");
      Thread.onSpinWait();
    }
  }

  private static void reverseOnce(ServerSocket server) {
    try (Socket peer = server.accept()) {
      String text = new String(peer.getInputStream().readAllBytes(), UTF_8);
      peer.getOutputStream().write(new StringBuilder(text).reverse().toString().getBytes(UTF_8));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
