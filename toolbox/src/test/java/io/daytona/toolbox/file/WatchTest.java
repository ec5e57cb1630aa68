package io.daytona.toolbox.file;

import static io.daytona.toolbox.Replies.assertError;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.http.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Watching as server-sent events. */
@Timeout(120)
@Tag("slow")
class WatchTest extends InFileBox {
  private static final Path MAX_EVENTS = Path.of("/proc/sys/fs/inotify/max_queued_events");

  @Test
  void tellsWhatHappensInADirectory() throws Exception {
    try (Watch watch = watch("")) {
      watch.expect("ready", dir.toString(), true);
      Files.writeString(dir.resolve("ü"), "x");
      watch.expect("create", dir + "/ü", false);
      watch.expect("write", dir + "/ü", false);
      Files.createDirectory(dir.resolve("sub"));
      watch.expect("create", dir + "/sub", true);
      Files.writeString(dir.resolve("sub/unseen"), "");
      Files.move(dir.resolve("ü"), dir.resolve("b"));
      watch.expect("rename", dir + "/ü", false);
      watch.expect("create", dir + "/b", false);
      Files.delete(dir.resolve("b"));
      watch.expect("remove", dir + "/b", false);
    }
  }

  @Test
  void tellsWhatHappensBelow() throws Exception {
    Files.createDirectories(dir.resolve("a/b"));
    try (Watch watch = watch("&recursive=true")) {
      watch.expect("ready", dir.toString(), true);
      Files.writeString(dir.resolve("a/b/f"), "");
      watch.expect("create", dir + "/a/b/f", false);
      Files.createDirectories(dir.resolve("new/deep"));
      watch.expect("create", dir + "/new", true);
      watch.expect("create", dir + "/new/deep", true);
      Files.writeString(dir.resolve("new/deep/f"), "");
      watch.expect("create", dir + "/new/deep/f", false);
    }
  }

  @Test
  void endsWhenTheDirectoryGoes() throws Exception {
    Files.createDirectory(dir.resolve("sub"));
    try (Watch watch = new Watch(dir.resolve("sub"), "")) {
      watch.expect("ready", dir + "/sub", true);
      Files.delete(dir.resolve("sub"));
      watch.expect("end", dir + "/sub", null);
      assertTrue(watch.atEnd());
    }
  }

  @Test
  void tellsThatEventsWereLost() throws Exception {
    int limit;
    try (InputStream in = Files.newInputStream(MAX_EVENTS)) {
      // In one read: such files have no second one.
      limit = Integer.parseInt(new String(in.readNBytes(64), StandardCharsets.US_ASCII).strip());
    }
    try (Watch watch = watch("")) {
      watch.expect("ready", dir.toString(), true);
      long pid = tool(dir);
      signal(pid, "STOP");
      for (int i = 0; i < limit / 2 + 100; i++) {
        Path file = Files.createFile(dir.resolve("f" + i));
        Files.delete(file);
      }
      signal(pid, "CONT");
      JsonNode event = watch.next();
      for (; !event.get("type").textValue().equals("overflow"); event = watch.next()) {
        assertTrue(List.of("create", "remove").contains(event.get("type").textValue()));
      }
      assertEquals(dir.toString(), event.get("path").textValue());
      Files.writeString(dir.resolve("after"), "");
      watch.expect("create", dir + "/after", false);
    }
  }

  @Test
  void nothingIsLeftWhenTheClientLeaves() throws Exception {
    long pid;
    try (Watch watch = watch("&recursive=true")) {
      watch.expect("ready", dir.toString(), true);
      pid = tool(dir);
    }
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (isRunning(pid)) {
      assertTrue(System.nanoTime() < deadline, "the watch goes on");
      Thread.onSpinWait();
    }
  }

  @Test
  void aQuietWatchShowsThatItLives() throws Exception {
    try (Watch watch = watch("")) {
      watch.expect("ready", dir.toString(), true);
      assertEquals(": heartbeat", watch.line());
    }
  }

  @Test
  void aSandboxThatGoesAwayIsSaid() throws Exception {
    try (FileBox other = FileBox.start()) {
      Path watched = other.directory();
      try (Watch watch = new Watch(other, watched, "")) {
        watch.expect("ready", watched.toString(), true);
        other.server().client().close();
        JsonNode event = watch.next();
        assertEquals("error", event.get("type").textValue());
        assertFalse(event.get("message").textValue().isEmpty());
        assertTrue(watch.atEnd());
      }
    }
  }

  @Test
  void whatCannotBeWatchedIsAnError() throws Exception {
    assertError(
        box.get("/files/watch", "path", "absent"), 404, "FILE_NOT_FOUND", "file not found: absent");
    assertError(box.get("/files/watch"), 400, "BAD_REQUEST", "bad request: path is required");
    try (FileBox nobody = FileBox.startAs("nobody")) {
      assertError(
          nobody.get("/files/watch", "path", "/root"),
          403,
          "FILE_ACCESS_DENIED",
          "permission denied: /root");
    }
  }

  private Watch watch(String more) throws IOException {
    return new Watch(dir, more);
  }

  /** The process that watches a directory. */
  private static long tool(Path directory) throws IOException {
    try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
      return all.filter(
              process -> commandLine(process.pid()).contains("fsutil\0watch\0" + directory))
          .findFirst()
          .orElseThrow()
          .pid();
    }
  }

  private static boolean isRunning(long pid) {
    return commandLine(pid).contains("fsutil");
  }

  private static String commandLine(long pid) {
    try {
      return Files.readString(Path.of("/proc/" + pid + "/cmdline"));
    } catch (NoSuchFileException gone) {
      return "";
    } catch (IOException e) {
      if (String.valueOf(e.getMessage()).contains("No such process")) {
        return ""; // it ended between opening and reading
      }
      throw new UncheckedIOException(e);
    }
  }

  private static void signal(long pid, String name) throws Exception {
    assertEquals(0, new ProcessBuilder("kill", "-" + name, "" + pid).start().waitFor());
  }

  private static final class Watch implements AutoCloseable {
    private final HttpURLConnection http;
    private final BufferedReader in;

    Watch(Path directory, String more) throws IOException {
      this(box, directory, more);
    }

    Watch(FileBox box, Path directory, String more) throws IOException {
      String route = "/files/watch?path=" + FileBox.encoded(directory.toString()) + more;
      http = (HttpURLConnection) box.server().uri(route).toURL().openConnection();
      http.setReadTimeout(30_000);
      assertEquals(200, http.getResponseCode());
      assertEquals("text/event-stream", http.getContentType());
      assertEquals("no-cache", http.getHeaderField("Cache-Control"));
      in = new BufferedReader(new InputStreamReader(http.getInputStream(), StandardCharsets.UTF_8));
    }

    String line() throws IOException {
      String line = in.readLine();
      assertNotNull(line, "the stream ended");
      return line;
    }

    /** The next event; its name and data are on two lines, followed by an empty one. */
    JsonNode next() throws IOException {
      String name = line();
      for (int quiet = 0; name.startsWith(":"); quiet++) {
        assertTrue(quiet < 4, "nothing happens");
        assertEquals("", line());
        name = line();
      }
      JsonNode data = Json.mapper().readTree(line().replaceFirst("^data: ", ""));
      assertEquals("event: " + data.get("type").textValue(), name);
      assertEquals("", line());
      return data;
    }

    void expect(String type, String path, @Nullable Boolean directory) throws IOException {
      JsonNode event = next();
      assertEquals(type, event.get("type").textValue(), event::toString);
      assertEquals(path, event.get("path").textValue());
      assertEquals(directory, event.has("isDir") ? event.get("isDir").booleanValue() : null);
    }

    boolean atEnd() throws IOException {
      return in.readLine() == null;
    }

    @Override
    public void close() {
      http.disconnect();
    }
  }
}
