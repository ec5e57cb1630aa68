package io.daytona.toolbox.file;

import static io.daytona.toolbox.Replies.assertError;
import static io.daytona.toolbox.Replies.json;
import static io.daytona.toolbox.Replies.ok;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.toolbox.RealAgent;
import io.daytona.toolbox.ToolboxServer;
import io.daytona.toolbox.agent.PathBytes;
import io.daytona.toolbox.error.AgentErrors;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Paths that name something odd: always a defined answer, at once (FS-01, FS-02). */
@Timeout(60)
class PathEdgesTest extends InFileBox {
  /** Every route that takes a path, with what else it needs. */
  private static final List<String> ROUTES =
      List.of(
          "GET /files?path=%s",
          "GET /files?depth=3&path=%s",
          "GET /files/info?path=%s",
          "GET /files/download?path=%s",
          "GET /files/find?pattern=x&path=%s",
          "GET /files/search?pattern=x&path=%s",
          "POST /files/folder?path=%s",
          "POST /files/upload?path=%s",
          "POST /files/upload-v2?path=%s",
          "POST /files/move?source=%s&destination=other",
          "POST /files/move?source=file&destination=%s",
          "POST /files/permissions?mode=644&path=%s",
          "DELETE /files?path=%s");

  @Test
  void relativeHomeAndDotsMeanWhatAShellMeans() throws Exception {
    Files.writeString(dir.resolve("f"), "x");
    Files.createDirectory(dir.resolve("~user"));
    for (String path :
        List.of(here + "/f", "./" + here + "/f", here + "/../" + here + "/./f", dir + "//f")) {
      assertEquals("x", FileBox.text(box.get("/files/download", "path", path)), path);
    }
    Path home = Path.of(System.getProperty("user.home"));
    assertEquals(home.toString(), ok(box.get("/files/info", "path", "~")).get("path").textValue());
    Path inHome = Files.createTempFile(home, "dtn-edge", "");
    try {
      String name = inHome.getFileName().toString();
      assertEquals(200, box.get("/files/info", "path", "~/" + name).statusCode());
      assertEquals(404, box.get("/files/info", "path", "~root/" + name).statusCode(), "literal");
    } finally {
      Files.delete(inHome);
    }
    assertEquals(200, box.get("/files/info", "path", here + "/~user").statusCode(), "literal");
    assertEquals(400, box.get("/files/info", "path", here + "/f/").statusCode(), "no directory");
    assertEquals(200, box.get("/files/info", "path", here + "/").statusCode());
    assertEquals("/", ok(box.get("/files/info", "path", "/../..")).get("path").textValue());
  }

  @ParameterizedTest
  @ValueSource(strings = {"%%00", "a%%00b", "LONG", "NAME"})
  void whatCanBeNoPathIs400(String bad) throws Exception {
    Files.writeString(box.server().work().resolve("file"), "");
    String path =
        switch (bad) {
          case "LONG" -> "/" + "y/".repeat(2_500);
          case "NAME" -> "x".repeat(256);
          default -> bad.replace("%%", "%");
        };
    for (String route : ROUTES) {
      HttpResponse<byte[]> reply = call(route, path);
      assertError(reply, 400, "INVALID_FILE_PATH", "invalid file path: ");
    }
  }

  @Test
  void anEmptyPathIsTheWorkingDirectoryOrMissing() throws Exception {
    for (String route : ROUTES) {
      HttpResponse<byte[]> reply = call(route, "");
      if (route.contains("/files?")) {
        boolean delete = route.startsWith("DELETE");
        assertEquals(delete ? 400 : 200, reply.statusCode());
      } else {
        assertError(reply, 400, "BAD_REQUEST", "bad request: ");
      }
    }
  }

  @Test
  void absentIs404OrEmpty() throws Exception {
    for (String route : ROUTES) {
      if (route.contains("folder") || route.contains("upload") || route.contains("n=%s")) {
        continue; // they make it
      }
      HttpResponse<byte[]> reply = call(route, here + "/absent/x");
      if (route.contains("pattern")) {
        assertEquals(200, reply.statusCode());
      } else {
        assertError(reply, 404, "FILE_NOT_FOUND", "file not found: " + here + "/absent/x");
      }
    }
  }

  @Test
  void aLoopOfLinksIs400() throws Exception {
    Files.createSymbolicLink(dir.resolve("a"), Path.of("b"));
    Files.createSymbolicLink(dir.resolve("b"), Path.of("a"));
    for (String route : ROUTES.subList(0, 9)) {
      assertError(
          call(route, here + "/a/x"),
          400,
          "INVALID_FILE_PATH",
          "invalid file path: too many levels of symbolic links");
    }
    assertEquals(0, ok(box.get("/files", "path", here)).size());
    assertEquals(0, ok(box.get("/files", "path", here, "depth", "5")).size());
    assertEquals(204, box.call("DELETE", "/files", "path", here + "/a").statusCode());
  }

  @Test
  void aDanglingLinkIsNotThereButCanBeRemovedAndWritten() throws Exception {
    Path link = Files.createSymbolicLink(dir.resolve("link"), Path.of("target"));
    for (String route : ROUTES.subList(0, 4)) {
      assertEquals(404, call(route, here + "/link").statusCode(), route);
    }
    assertEquals("[]", FileBox.text(call(ROUTES.get(4), here + "/link")));
    assertEquals(200, call("POST /files/upload-v2?path=%s", here + "/link").statusCode());
    assertTrue(Files.isSymbolicLink(link) && Files.exists(dir.resolve("target")));
    assertEquals(204, call("DELETE /files?path=%s", here + "/link").statusCode());
    assertTrue(Files.exists(dir.resolve("target")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"fifo", "socket", "/dev/null", "/dev/zero"})
  void whatIsNoRegularFileIsNeverOpened(String what) throws Exception {
    String path = what.startsWith("/") ? what : here + "/" + what;
    try (ServerSocketChannel socket = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      socket.bind(UnixDomainSocketAddress.of(dir.resolve("socket")));
      new ProcessBuilder("mkfifo", dir.resolve("fifo").toString()).start().waitFor();
      assertEquals(200, call("GET /files/info?path=%s", path).statusCode());
      for (String route : List.of("GET /files/download?path=%s", "POST /files/upload?path=%s")) {
        assertError(call(route, path), 400, "INVALID_FILE_PATH", "invalid file path: invalid arg");
      }
      assertError(
          call("GET /files?path=%s", path), 400, "INVALID_FILE_PATH", "invalid file path: not a");
      assertEquals("[]", FileBox.text(call("GET /files/find?pattern=x&path=%s", path)));
      assertEquals(
          "{\"files\":[]}", FileBox.text(call("GET /files/search?pattern=x&path=%s", path)));
      String part = bulkDownload(path);
      assertTrue(part.contains("name=\"error\"") && part.contains("INVALID_FILE_PATH"), part);
      assertTrue(Files.exists(dir.resolve("fifo")));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/proc/meminfo",
        "/proc/self/status",
        "/sys/kernel/mm/transparent_hugepage/enabled",
        "/proc/cpuinfo"
      })
  void filesThatDoNotKnowTheirSizeAreGivenWhole(String path) throws Exception {
    String expected = Files.readString(Path.of(path)).split("[\\s:]", 2)[0];
    HttpResponse<byte[]> reply = box.get("/files/download", "path", path);
    assertEquals(200, reply.statusCode());
    assertTrue(FileBox.text(reply).startsWith(expected), () -> FileBox.text(reply));
    assertTrue(reply.body().length > 10);
    String part = bulkDownload(path);
    assertTrue(part.contains("name=\"file\"") && part.contains("\r\n\r\n" + expected), part);
  }

  @Test
  void aLargeFileThatDoesNotKnowItsSizeIsGivenWhole() throws Exception {
    long size = Files.readAllBytes(Path.of("/proc/kallsyms")).length;
    assertTrue(size > 1 << 20, "large enough for this test");
    assertEquals(size, box.get("/files/download", "path", "/proc/kallsyms").body().length);
    assertTrue(bulkDownload("/proc/kallsyms").contains("FILE_READ_FAILED"));
  }

  @Test
  void whatTheKernelRefusesToReadIsSaid() throws Exception {
    assertError(
        box.get("/files/download", "path", "/proc/self/mem"),
        400,
        "BAD_REQUEST",
        "bad request: /proc/self/mem: input/output error");
    String part = bulkDownload("/proc/self/mem");
    assertTrue(part.contains("FILE_READ_FAILED") && part.contains("input/output error"), part);
  }

  @Test
  void namesThatAreNotUtf8AreShownAndAddressed() throws Exception {
    byte[] raw = {'a', (byte) 0xff, (byte) 0xc3, '.', 't', 'x', 't'};
    String escaped = "a%FF%C3.txt";
    String shown = "a\ufffd\ufffd.txt";
    var client = box.server().client();
    String path = here + "/" + PathBytes.decode(raw);
    try (var upload = client.write(path, 0644, false)) {
      byte[] content = "needle".getBytes(StandardCharsets.UTF_8);
      upload.write(content, 0, content.length);
      upload.commit();
    }
    JsonNode list = ok(box.get("/files", "path", here));
    assertEquals(shown, list.get(0).get("name").textValue());
    assertEquals(dir + "/" + shown, list.get(0).get("path").textValue());
    assertEquals(
        shown, ok(box.get("/files", "path", here, "depth", "2")).get(0).get("name").textValue());
    String query = "path=" + here + "/" + escaped;
    assertEquals(shown, ok(box.server().get("/files/info?" + query)).get("name").textValue());
    HttpResponse<byte[]> download = box.server().get("/files/download?" + query);
    assertEquals("needle", FileBox.text(download));
    assertTrue(
        download.headers().firstValue("Content-Disposition").orElse("").endsWith("''" + escaped));
    assertEquals(
        here + "/" + shown,
        ok(box.get("/files/find", "path", here, "pattern", "needle"))
            .get(0)
            .get("file")
            .textValue());
    assertEquals(
        "{\"files\":[\"" + here + "/" + shown + "\"]}",
        FileBox.text(box.get("/files/search", "path", here, "pattern", "*.txt")));
    HttpResponse<byte[]> moved =
        call("POST /files/move?source=%s&destination=" + here + "/%%FEx", here + "/" + escaped);
    assertEquals(200, moved.statusCode(), FileBox.text(moved));
    assertError(
        box.server().get("/files/info?" + query), 404, "FILE_NOT_FOUND", "file not found: " + here);
    HttpResponse<byte[]> upload =
        box.server()
            .send(
                box.server()
                    .request("/files/upload-v2?path=" + here + "/%FE%FE", "Content-Type", "x/y")
                    .POST(BodyPublishers.ofString("up")));
    assertEquals("\ufffd\ufffd", ok(upload).get("name").textValue());
    assertEquals(2, ok(box.get("/files", "path", here)).size());
    assertEquals(204, call("DELETE /files?path=%s", here + "/%FE%FE").statusCode());
    assertEquals(204, call("DELETE /files?path=%s", here + "/%FEx").statusCode());
  }

  @Test
  void aJsonStringThatIsNoUnicodeIsAnswered() throws Exception {
    String part = bulkDownloadOf("{\"paths\":[\"no\\udcff\\ud800\"]}");
    assertTrue(part.contains("FILE_NOT_FOUND"), part);
    JsonNode result =
        ok(
            box.server()
                .post(
                    "/files/replace",
                    "{\"files\":[\"no\\udcff\"],\"pattern\":\"x\",\"newValue\":\"\"}"));
    assertEquals("no\ufffd", result.get(0).get("file").textValue());
  }

  @Test
  void namesInUtf8AreNames() throws Exception {
    String name = "Ünï ☃ \uD83D\uDE00 +&?#%\n\"'\\";
    HttpResponse<byte[]> made = box.post("/files/upload-v2", "path", here + "/" + name);
    assertEquals(name, ok(made).get("name").textValue());
    assertTrue(Files.exists(dir.resolve(name)));
    assertEquals(name, ok(box.get("/files", "path", here)).get(0).get("name").textValue());
    assertEquals(200, box.get("/files/download", "path", here + "/" + name).statusCode());
    assertEquals(204, box.call("DELETE", "/files", "path", here + "/" + name).statusCode());
  }

  @ParameterizedTest
  @CsvSource({
    "GET /files/download?path=%s, d, path points to a directory",
    "POST /files/upload?path=%s, d, path points to a directory",
    "POST /files/upload-v2?path=%s, d/, path points to a directory",
    "GET /files?path=%s, f, not a directory",
    "GET /files?depth=2&path=%s, f, not a directory",
    "POST /files/folder?path=%s, f/below, not a directory",
  })
  void aDirectoryIsNoFileAndAFileNoDirectory(String route, String name, String what)
      throws Exception {
    Files.createDirectory(dir.resolve("d"));
    Files.writeString(dir.resolve("f"), "kept");
    HttpResponse<byte[]> reply = call(route, here + "/" + name);
    assertError(reply, 400, "INVALID_FILE_PATH", "invalid file path: " + what);
    assertEquals("kept", Files.readString(dir.resolve("f")));
  }

  @Test
  void aReadOnlyFileSystemIs403() throws Exception {
    try (ToolboxServer server =
        ToolboxServer.start(RealAgent.startWith(Path.of("/usr/share"), Path.of("/mnt")))) {
      String remount = "mount -o remount,bind,ro /mnt";
      assertEquals(
          0,
          ok(server.post("/process/execute", "{\"command\":\"" + remount + "\"}"))
              .get("exitCode")
              .intValue());
      for (String route :
          List.of(
              "/files/upload?path=/mnt/x",
              "/files/folder?path=/mnt/x",
              "/files/move?source=/mnt/doc&destination=/mnt/x",
              "/files/permissions?path=/mnt/doc&mode=700")) {
        assertError(
            server.send(server.request(route).POST(BodyPublishers.noBody())),
            403,
            "FILE_ACCESS_DENIED",
            "read-only file system: ");
      }
    }
  }

  @Test
  void aFullDiskIsSaidByEveryRoute() throws Exception {
    try (ToolboxServer server =
        ToolboxServer.start(RealAgent.startWithSmallDisk(), "root", RealAgent.SMALL_DISK)) {
      byte[] big = new byte[2 << 20];
      byte[] form = new Form().field("files[0].path", "b").file("files[0].file", big).closed();
      HttpResponse<byte[]> bulk =
          server.send(
              server
                  .request("/files/bulk-upload", "Content-Type", Form.CONTENT_TYPE)
                  .POST(BodyPublishers.ofByteArray(form)));
      assertEquals(400, bulk.statusCode());
      String full = "no space left on device; " + AgentErrors.FREE_DISK;
      assertTrue(json(bulk).get("errors").get(0).textValue().endsWith(full));
      Path large = Files.createTempFile("dtn-large", "");
      try {
        Files.write(large, big);
        assertError(
            server.send(
                server
                    .request("/files/move?source=" + large + "&destination=/mnt/x")
                    .POST(BodyPublishers.noBody())),
            400,
            "BAD_REQUEST",
            "bad request: " + large + ": no space left on device");
        assertArrayEquals(big, Files.readAllBytes(large), "the source is still whole");
        assertEquals(0, ok(server.get("/files")).size(), "nothing is left");
      } finally {
        Files.delete(large);
      }
    }
  }

  @Test
  void aBodyOfAHundredMegabytesIs413() throws Exception {
    String body = "{\"paths\":[\"" + "x".repeat(100 << 20) + "\"]}";
    HttpResponse<byte[]> reply;
    try {
      reply = box.server().post("/files/bulk-download", body, "Expect", "100-continue");
    } catch (IllegalArgumentException restricted) {
      reply = box.server().post("/files/bulk-download", body);
    }
    assertEquals(413, reply.statusCode());
    assertFalse(json(reply).get("message").textValue().isEmpty());
  }

  @Test
  void aListOfPathsWithLongOnesIsAnswered() throws Exception {
    List<String> paths = new ArrayList<>(List.of("x".repeat(300_000), "y/".repeat(100_000)));
    String part = bulkDownloadOf("{\"paths\":[\"" + String.join("\",\"", paths) + "\"]}");
    assertTrue(part.contains("name=\"error\""));
  }

  private static HttpResponse<byte[]> call(String route, String path) throws Exception {
    String[] words = route.split(" ", 2);
    String encoded = path.contains("%") ? path : FileBox.encoded(path);
    return box.server()
        .send(
            box.server()
                .request(words[1].replace("%s", encoded).replace("%%", "%"), "Content-Type", "x/y")
                .method(words[0], BodyPublishers.ofString("")));
  }

  private static String bulkDownload(String path) throws Exception {
    return bulkDownloadOf("{\"paths\":[\"" + path + "\"]}");
  }

  private static String bulkDownloadOf(String body) throws Exception {
    HttpResponse<byte[]> reply = box.server().post("/files/bulk-download", body);
    assertEquals(200, reply.statusCode(), FileBox.text(reply));
    return FileBox.text(reply);
  }
}
