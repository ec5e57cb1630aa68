package io.daytona.toolbox.agent.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.toolbox.RealAgent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.AgentProcess.Output;
import io.daytona.toolbox.agent.AgentSocket;
import io.daytona.toolbox.agent.Download;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.agent.FileListing;
import io.daytona.toolbox.agent.FileStat;
import io.daytona.toolbox.agent.Spawn;
import io.daytona.toolbox.agent.Upload;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The client against the real agent. */
@Timeout(60)
class AgentClientTest {
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final Duration SHORT = Duration.ofMillis(300);

  private RealAgent agent;
  private AgentClient client;

  @BeforeEach
  void start() throws Exception {
    agent = RealAgent.start();
    client = agent.connect();
  }

  @AfterEach
  void stop() throws Exception {
    client.close();
    agent.close();
  }

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
  void identityGoesIntoEveryProcess() throws Exception {
    String work = agent.work().toString();
    var identity = client.identity("", Map.of("GREETING", "hello"), "root", work);
    assertEquals("/root", identity.home());
    assertEquals(agent.work().toRealPath().toString(), identity.cwd());
    assertEquals("root", identity.user());
    assertEquals(
        identity.cwd() + " hello /root\n", run("echo \"$(pwd) $GREETING $HOME\"").stdout());
  }

  @Test
  void outputKeepsItsChannelAndStatus() throws Exception {
    Result result = run("echo out; echo err >&2; exit 42");
    assertEquals(new Result("out\n", "err\n", 42), result);
  }

  @Test
  void aSignalIsANegativeStatus() throws Exception {
    assertEquals(-15, run("kill -TERM $$").status());
  }

  @Test
  void inputReachesTheProgram() throws Exception {
    try (AgentProcess cat = client.spawn(shell("cat").withStdin())) {
      byte[] bytes = randomBytes(1 << 20);
      Thread writer =
          Thread.startVirtualThread(() -> {
            cat.write(bytes, 0, bytes.length);
            cat.endInput();
          });
      ByteArrayOutputStream echoed = new ByteArrayOutputStream();
      assertEquals(0, drain(cat, echoed));
      writer.join();
      assertArrayEquals(bytes, echoed.toByteArray());
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
  void singleByteWritesArriveInOrder() throws Exception {
    String program = "import os\nfor i in range(100000): os.write(1, b'%d' % (i % 10))\n";
    Spawn python =
        Spawn.merged(List.of("python3", "-c", program), Map.of(), agent.work().toString());
    try (AgentProcess process = client.spawn(python)) {
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      assertEquals(0, drain(process, all));
      assertEquals("0123456789".repeat(10_000), all.toString(UTF_8));
    }
  }

  @Test
  void theProgramsEndIsSeenWhileAChildHoldsTheOutput() throws Exception {
    long start = System.nanoTime();
    Result result = run("sleep 30 & echo done");
    assertEquals("done\n", result.stdout());
    assertTrue(System.nanoTime() - start < Duration.ofSeconds(10).toNanos());
  }

  @Test
  void closingKillsWhatWasToBeKilled() throws Exception {
    AgentProcess process = client.spawn(shell("sleep 1000"));
    long pid = process.pid();
    process.close();
    ProcessHandle.of(pid).ifPresent(handle -> handle.onExit().join());
    assertFalse(ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false));
  }

  @Test
  void aDetachedProcessOutlivesItsConnection() throws Exception {
    Spawn detached =
        new Spawn(
            List.of("/bin/sh", "-c", "echo one; read line; echo \"two $line\"; exit 3"),
            Map.of(),
            Set.of(),
            agent.work().toString(),
            "",
            null,
            true,
            false,
            true,
            0,
            "a label",
            "",
            false);
    String id;
    try (AgentProcess process = client.spawn(detached)) {
      id = process.process();
      assertTrue(process.next(LONG) instanceof Output.Chunk chunk && chunk.bytes().length == 4);
    }
    client.close();
    client = agent.connect();
    var known = client.processes().getFirst();
    assertEquals(id, known.process());
    assertEquals("a label", known.label());
    assertTrue(known.running());
    assertEquals(4, known.offset());
    client.input(id, "more\n".getBytes(UTF_8), true);
    try (AgentProcess again = client.attach(id, 0, true)) {
      assertEquals(0, again.firstOffset());
      assertEquals(0, again.lostBytes());
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      assertEquals(3, drain(again, all));
      assertEquals("one\ntwo more\n", all.toString(UTF_8));
    }
    try (AgentProcess middle = client.attach(id, 4, true)) {
      ByteArrayOutputStream rest = new ByteArrayOutputStream();
      assertEquals(3, drain(middle, rest));
      assertEquals("two more\n", rest.toString(UTF_8));
    }
    client.forget(id);
    assertEquals(List.of(), client.processes());
    assertThrows(AgentException.class, () -> client.attach(id, 0, true));
  }

  @Test
  void aRingThatOverflowedSaysWhatIsLost() throws Exception {
    Spawn detached =
        new Spawn(
            List.of("/bin/sh", "-c", "seq 1 100000"),
            Map.of(),
            Set.of(),
            "",
            "",
            null,
            false,
            true,
            true,
            65_536,
            "",
            "counter",
            false);
    try (AgentProcess process = client.spawn(detached)) {
      assertEquals("counter", process.process());
    }
    awaitEnd("counter");
    long written = client.processes().getFirst().offset();
    try (AgentProcess late = client.attach("counter", 0, true)) {
      ByteArrayOutputStream kept = new ByteArrayOutputStream();
      assertEquals(0, drain(late, kept));
      assertTrue(late.lostBytes() > 0);
      assertEquals(late.firstOffset(), late.lostBytes());
      assertEquals(written - late.firstOffset(), kept.size());
      assertTrue(kept.toString(UTF_8).endsWith("\n100000\n"));
    }
  }

  @Test
  void aTerminalEchoesAndResizes() throws Exception {
    Spawn terminal =
        new Spawn(
            List.of("/bin/sh", "-c", "read x; stty size; read x; stty size"),
            Map.of("TERM", "xterm"),
            Set.of(),
            "",
            "",
            new Spawn.Terminal(80, 24),
            false,
            false,
            false,
            0,
            "",
            "",
            true);
    try (AgentProcess process = client.spawn(terminal)) {
      process.write("\n".getBytes(UTF_8), 0, 1);
      ByteArrayOutputStream all = new ByteArrayOutputStream();
      drainUntil(process, all, "24 80");
      client.resize(process.process(), 100, 30);
      process.write("\n".getBytes(UTF_8), 0, 1);
      assertEquals(0, drain(process, all));
      assertTrue(all.toString(UTF_8).contains("30 100"), all.toString(UTF_8));
    }
  }

  @Test
  void filesGoBothWays() throws Exception {
    byte[] bytes = randomBytes(5 << 20);
    String path = agent.work().resolve("deep/er/file.bin").toString();
    try (Upload upload = client.write(path, 0640, true)) {
      upload.write(bytes, 0, 3);
      upload.write(bytes, 3, bytes.length - 3);
      assertFalse(Files.exists(Path.of(path)), "nothing is visible before the commit");
      assertEquals(bytes.length, upload.commit());
    }
    assertArrayEquals(bytes, Files.readAllBytes(Path.of(path)));
    try (Download download = client.read(path, 0, -1)) {
      assertEquals(bytes.length, download.stat().size());
      assertEquals(0640, download.stat().mode());
      assertArrayEquals(bytes, download.bytes().readAllBytes());
    }
    try (Download part = client.read(path, 1000, 10)) {
      assertArrayEquals(
          java.util.Arrays.copyOfRange(bytes, 1000, 1010), part.bytes().readAllBytes());
    }
  }

  @Test
  void anAbandonedUploadLeavesNothing() throws Exception {
    try (Upload upload = client.write(agent.work().resolve("half").toString(), 0644, false)) {
      upload.write(new byte[1 << 20], 0, 1 << 20);
    }
    awaitEmpty(agent.work());
    Upload open = client.write(agent.work().resolve("half").toString(), 0644, false);
    open.write(new byte[10], 0, 10);
    client.close();
    awaitEmpty(agent.work());
    AgentException lost = assertThrows(AgentException.class, open::commit);
    assertEquals(AgentException.LOST, lost.code());
  }

  @Test
  void aDownloadMayBeLeftEarly() throws Exception {
    Path big = agent.work().resolve("big");
    Files.write(big, new byte[32 << 20]);
    for (int i = 0; i < 20; i++) {
      try (Download download = client.read(big.toString(), 0, -1)) {
        assertEquals(0, download.bytes().read());
      }
    }
    assertEquals("still\n", run("echo still").stdout());
  }

  @Test
  void listsInConstantPieces() throws Exception {
    Set<String> names = new TreeSet<>();
    for (int i = 0; i < 3_000; i++) {
      names.add("file-" + i);
      Files.createFile(agent.work().resolve("file-" + i));
    }
    Files.createSymbolicLink(agent.work().resolve("dangling"), Path.of("nowhere"));
    names.add("dangling");
    Set<String> found = new TreeSet<>();
    try (FileListing listing = client.list(agent.work().toString())) {
      for (FileStat entry = listing.next(); entry != null; entry = listing.next()) {
        found.add(entry.name());
        assertEquals(entry.name().equals("dangling") ? 'l' : 'f', entry.type());
        assertEquals(entry.name().equals("dangling") ? "nowhere" : "", entry.target());
      }
    }
    assertEquals(names, found);
  }

  @Test
  void changesTheTree() {
    Path work = agent.work();
    client.mkdir(work.resolve("a/b").toString(), 0700, true);
    assertEquals(0700, client.stat(work.resolve("a/b").toString(), true).mode());
    client.chmod(work.resolve("a/b").toString(), 0755, "", "");
    assertEquals(0755, client.stat(work.resolve("a/b").toString(), true).mode());
    client.rename(work.resolve("a").toString(), work.resolve("c").toString(), true);
    assertTrue(client.stat(work.resolve("c/b").toString(), true).isDirectory());
    client.remove(work.resolve("c").toString(), true);
    assertEquals(
        Errno.ENOENT,
        assertThrows(AgentException.class, () -> client.stat(work.resolve("c").toString(), true))
            .errno());
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
    AgentProcess sleeping = client.spawn(shell("sleep 1000"));
    ProcessHandle child = ProcessHandle.of(sleeping.pid()).orElseThrow();
    Download download = client.read("/proc/self/exe", 0, -1);
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

  @Test
  void nextSaysWhenNothingCameInTime() throws Exception {
    try (AgentProcess process = client.spawn(shell("sleep 1000"))) {
      assertNull(process.next(Duration.ofMillis(50)));
    }
  }

  private record Result(String stdout, String stderr, int status) {}

  private Result run(String script) throws InterruptedException {
    Spawn spawn = shell(script);
    Spawn apart =
        new Spawn(
            spawn.argv(),
            spawn.env(),
            Set.of(),
            "",
            "",
            null,
            false,
            false,
            false,
            0,
            "",
            "",
            true);
    try (AgentProcess process = client.spawn(apart)) {
      ByteArrayOutputStream stdout = new ByteArrayOutputStream();
      ByteArrayOutputStream stderr = new ByteArrayOutputStream();
      while (true) {
        switch (process.next(LONG)) {
          case null -> throw new AssertionError("nothing came");
          case Output.Chunk chunk ->
              (chunk.channel() == 1 ? stdout : stderr).writeBytes(chunk.bytes());
          case Output.End _ -> {}
          case Output.Exit exit -> {
            return new Result(stdout.toString(UTF_8), stderr.toString(UTF_8), exit.status());
          }
        }
      }
    }
  }

  private static int drain(AgentProcess process, ByteArrayOutputStream into)
      throws InterruptedException {
    while (true) {
      switch (process.next(LONG)) {
        case null -> throw new AssertionError("nothing came");
        case Output.Chunk chunk -> into.writeBytes(chunk.bytes());
        case Output.End _ -> {}
        case Output.Exit exit -> {
          return exit.status();
        }
      }
    }
  }

  private static void drainUntil(AgentProcess process, ByteArrayOutputStream into, String text)
      throws InterruptedException {
    while (!into.toString(UTF_8).contains(text)) {
      Output output = process.next(LONG);
      assertNotNull(output);
      if (output instanceof Output.Chunk chunk) {
        into.writeBytes(chunk.bytes());
      }
    }
  }

  private static Spawn shell(String script) {
    return shell(script, Map.of());
  }

  private static Spawn shell(String script, Map<String, String> env) {
    return Spawn.merged(List.of("/bin/sh", "-c", script), env, "");
  }

  private void awaitEnd(String process) {
    long deadline = System.nanoTime() + LONG.toNanos();
    while (client.processes().stream().anyMatch(p -> p.process().equals(process) && p.running())) {
      assertTrue(System.nanoTime() < deadline, process + " did not end");
    }
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

  private static void awaitEmpty(Path directory) throws IOException {
    long deadline = System.nanoTime() + LONG.toNanos();
    while (true) {
      try (var entries = Files.list(directory)) {
        if (entries.findAny().isEmpty()) {
          return;
        }
      }
      assertTrue(System.nanoTime() < deadline, "something was left behind");
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

  private static byte[] randomBytes(int size) {
    byte[] bytes = new byte[size];
    new Random(42).nextBytes(bytes);
    return bytes;
  }
}
