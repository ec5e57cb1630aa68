package io.daytona.toolbox.file;

import static io.daytona.toolbox.Replies.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.Spawn;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * A sandbox that swaps directories for links while the platform works in them. The platform may not
 * reach what the sandbox's user cannot reach without it.
 */
@Timeout(120)
@Tag("slow")
class HostileFilesTest {
  private static final Duration LONG_ENOUGH = Duration.ofSeconds(10);
  private static final String SECRET = "the secret of root";
  private static final String SWAP =
      """
      import ctypes
      rename = ctypes.CDLL(None, use_errno=True).renameat2
      here, exchange = -100, 2
      print('swapping', flush=True)
      while rename(here, b'd', here, b'link', exchange) == 0:
          pass
      """;

  @Test
  void linksThatComeAndGoReachNothingOutside() throws Exception {
    try (FileBox box = FileBox.startAs("nobody")) {
      Path home = box.server().work().resolve("home");
      Path outside = Files.createDirectory(box.server().work().resolve("outside"));
      Files.writeString(outside.resolve("f"), SECRET);
      Files.writeString(outside.resolve("g"), SECRET);
      Files.setPosixFilePermissions(
          outside.resolve("f"), PosixFilePermissions.fromString("rw-------"));
      Files.setPosixFilePermissions(
          outside.resolve("g"), PosixFilePermissions.fromString("rw-------"));
      Files.createDirectories(outside.resolve("sub/sub"));
      List<String> before = describe(outside);
      makeOwn(home.resolve("d"), home.resolve("d/sub"));
      Files.createSymbolicLink(home.resolve("link"), outside);
      Spawn swapper = Spawn.merged(List.of("python3", "-c", SWAP), Map.of(), "");
      Set<Integer> seen = new HashSet<>();
      try (AgentProcess swapping = box.server().client().spawn(swapper)) {
        assertTrue(swapping.next(Duration.ofSeconds(30)) instanceof AgentProcess.Output.Chunk);
        long end = System.nanoTime() + LONG_ENOUGH.toNanos();
        while (System.nanoTime() < end) {
          for (HttpResponse<byte[]> reply : everything(box)) {
            String text = FileBox.text(reply);
            assertFalse(text.contains(SECRET), () -> reply.request().uri() + ": " + text);
            assertTrue(reply.statusCode() < 500, () -> reply.request().uri() + ": " + text);
            seen.add(reply.statusCode());
          }
        }
        assertNull(swapping.next(Duration.ZERO), "it goes on to the end");
      }
      assertEquals(before, describe(outside));
      assertTrue(seen.containsAll(Set.of(200, 403)), () -> "both sides were met: " + seen);
    }
  }

  private static List<HttpResponse<byte[]>> everything(FileBox box) throws Exception {
    List<HttpResponse<byte[]>> replies = new ArrayList<>();
    replies.add(box.post("/files/upload-v2", "path", "d/f"));
    replies.add(box.get("/files/download", "path", "d/f"));
    replies.add(box.post("/files/folder", "path", "d/sub/new/deep"));
    replies.add(box.get("/files", "path", "d"));
    replies.add(box.get("/files", "path", "d", "depth", "4"));
    replies.add(box.get("/files/info", "path", "d/g"));
    replies.add(box.get("/files/find", "path", ".", "pattern", "secret"));
    replies.add(box.get("/files/search", "path", ".", "pattern", "*"));
    replies.add(box.post("/files/permissions", "path", "d/f", "mode", "666"));
    replies.add(box.post("/files/move", "source", "d/f", "destination", "d/h"));
    replies.add(box.post("/files/move", "source", "d/sub", "destination", "moved"));
    replies.add(box.post("/files/move", "source", "moved", "destination", "d/sub"));
    replies.add(
        box.server()
            .post(
                "/files/replace",
                "{\"files\":[\"d/f\",\"d/g\"],\"pattern\":\"secret\",\"newValue\":\"known\"}"));
    replies.add(box.server().post("/files/bulk-download", "{\"paths\":[\"d/f\",\"d/g\"]}"));
    byte[] form =
        new Form()
            .field("files[0].path", "d/f")
            .file("files[0].file", "mine")
            .field("files[1].path", "d/sub/new/f")
            .file("files[1].file", "mine")
            .closed();
    replies.add(
        box.server()
            .send(
                box.server()
                    .request("/files/bulk-upload", "Content-Type", Form.CONTENT_TYPE)
                    .POST(BodyPublishers.ofByteArray(form))));
    replies.add(box.call("DELETE", "/files", "path", "d/h"));
    replies.add(box.call("DELETE", "/files", "path", "d/sub", "recursive", "true"));
    replies.add(box.call("DELETE", "/files", "path", "d/g"));
    return replies;
  }

  /** What the user's programs may do, the platform may: as root nothing would be outside. */
  @Test
  void whatIsDoneIsDoneAsTheUser() throws Exception {
    try (FileBox box = FileBox.startAs("nobody")) {
      ok(box.post("/files/upload-v2", "path", "made/by/user"));
      Path home = box.server().work().resolve("home");
      assertEquals(65534, Files.getAttribute(home.resolve("made"), "unix:uid"));
      assertEquals(65534, Files.getAttribute(home.resolve("made/by/user"), "unix:uid"));
    }
  }

  private static void makeOwn(Path... directories) throws Exception {
    for (Path directory : directories) {
      Files.createDirectory(directory);
      Files.setAttribute(directory, "unix:uid", 65534);
    }
  }

  /** Everything about a tree that a change would change. */
  private static List<String> describe(Path tree) throws Exception {
    List<String> lines = new ArrayList<>();
    try (Stream<Path> all = Files.walk(tree)) {
      for (Path path : all.sorted().toList()) {
        String content =
            Files.isRegularFile(path)
                ? new String(Files.readAllBytes(path), StandardCharsets.UTF_8)
                : "";
        lines.add(
            path + " " + Files.readAttributes(path, "unix:ino,mode,uid,gid,ctime,nlink") + content);
      }
    }
    return lines;
  }
}
