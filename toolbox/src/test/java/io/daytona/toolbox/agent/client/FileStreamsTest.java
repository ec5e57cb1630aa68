package io.daytona.toolbox.agent.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.Download;
import io.daytona.toolbox.agent.DownloadSeries;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.agent.FileListing;
import io.daytona.toolbox.agent.FileStat;
import io.daytona.toolbox.agent.Upload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Files over the client. */
@Timeout(60)
class FileStreamsTest extends AgentTest {
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
      assertArrayEquals(Arrays.copyOfRange(bytes, 1000, 1010), part.bytes().readAllBytes());
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
  void aSeriesGoesOnWhenItsWorkerIsKilled() throws Exception {
    byte[] bytes = randomBytes(60_000);
    List<String> paths = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      paths.add(Files.write(agent.work().resolve("file-" + i), bytes).toString());
    }
    paths.set(100, agent.work().resolve("x".repeat(20_000)).toString());
    Set<Integer> failed = new TreeSet<>();
    try (DownloadSeries files = client.readMany(paths)) {
      for (int i = 0; i < paths.size(); i++) {
        try {
          DownloadSeries.Content content = files.next();
          assertEquals(bytes.length, content.size());
          if (i % 7 != 3) { // others are left unread
            assertArrayEquals(bytes, content.bytes().readAllBytes());
          }
        } catch (AgentException | IOException e) {
          failed.add(i);
        }
        if (i == 50) {
          agent.children().forEach(ProcessHandle::destroyForcibly);
        }
      }
    }
    assertTrue(failed.remove(100), "a path that no kernel takes");
    assertTrue(failed.size() <= 1 && failed.stream().allMatch(i -> i > 50), failed::toString);
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
}
