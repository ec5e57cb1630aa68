package io.daytona.toolbox.file;

import static io.daytona.toolbox.Replies.assertError;
import static io.daytona.toolbox.Replies.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.toolbox.RealAgent;
import io.daytona.toolbox.ToolboxServer;
import java.net.URLEncoder;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** List, info, folder, delete (toolbox protocol §6.1, §6.2) and directories (§9). */
@Timeout(120)
class FileEndpointsTest {
  private static final Set<String> KEYS =
      Set.of(
          "name",
          "isDir",
          "size",
          "modTime",
          "modifiedAt",
          "mode",
          "permissions",
          "owner",
          "group",
          "path");

  private static ToolboxServer server;

  /** Directory of one test, relative to the working directory. */
  private String here;

  private Path directory;

  @BeforeAll
  static void start() throws Exception {
    server = ToolboxServer.start(RealAgent.startWithTools());
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  @BeforeEach
  void makeDirectory(TestInfo info) throws Exception {
    directory =
        Files.createTempDirectory(server.work(), info.getTestMethod().orElseThrow().getName());
    here = directory.getFileName().toString();
  }

  @Test
  void listsSortedByName() throws Exception {
    Files.writeString(directory.resolve("b.txt"), "hello world");
    Files.createDirectory(directory.resolve("a"));
    Files.writeString(directory.resolve(".hidden"), "");
    Files.writeString(directory.resolve("Ünï☃"), "");
    Files.createSymbolicLink(directory.resolve("link"), Path.of("b.txt"));
    Files.createSymbolicLink(directory.resolve("dangling"), Path.of("nowhere"));
    JsonNode list = ok(get("/files", here));
    assertEquals(List.of(".hidden", "a", "b.txt", "link", "Ünï☃"), names(list));
    JsonNode file = list.get(2);
    Set<String> keys = new TreeSet<>();
    file.fieldNames().forEachRemaining(keys::add);
    assertEquals(new TreeSet<>(KEYS), keys);
    assertEquals(11, file.get("size").longValue());
    assertFalse(file.get("isDir").booleanValue());
    assertTrue(list.get(1).get("isDir").booleanValue());
    assertEquals(11, list.get(3).get("size").longValue(), "a link is described as what it means");
    assertEquals(directory.toRealPath() + "/b.txt", file.get("path").textValue(), "the full path");
    assertEquals(list, ok(get("/files/", here)), "with a slash at the end too");
  }

  @Test
  void listsTheWorkingDirectoryUnlessTold() throws Exception {
    assertTrue(names(ok(server.get("/files"))).contains(here));
    assertTrue(names(ok(server.get("/files?path="))).contains(here));
    assertEquals(0, ok(get("/files", here)).size(), "an empty array, not null");
  }

  @Test
  void listsToADepth() throws Exception {
    Files.createDirectories(directory.resolve("a/b/c"));
    Files.writeString(directory.resolve("a/x"), "");
    Files.writeString(directory.resolve("z"), "");
    String path = "/files?path=" + here + "&depth=";
    assertEquals(List.of("a", "z"), names(ok(server.get(path + 1))));
    assertEquals(List.of("a", "b", "x", "z"), names(ok(server.get(path + 2))));
    JsonNode three = ok(server.get(path + 3));
    assertEquals(List.of("a", "b", "c", "x", "z"), names(three));
    assertEquals(directory.toRealPath() + "/a/b/c", three.get(2).get("path").textValue());
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "-1", "x", "1.5", "99999999999"})
  void aBadDepthIsRefused(String depth) throws Exception {
    assertError(
        server.get("/files?depth=" + depth),
        400,
        "BAD_REQUEST",
        "bad request: depth must be an integer of at least 1");
  }

  @Test
  void aLoopOfLinksEnds() throws Exception {
    Files.createSymbolicLink(directory.resolve("self"), Path.of("."));
    JsonNode list = ok(server.get("/files?path=" + here + "&depth=1000000"));
    assertEquals(List.of("self"), names(list), "links are described, not descended into");
  }

  @Test
  void describesAFile() throws Exception {
    Path file = directory.resolve("f.sh");
    Files.writeString(file, "abc");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-x--x"));
    Files.setLastModifiedTime(file, FileTime.from(Instant.parse("2026-01-02T03:04:05.120Z")));
    JsonNode info = ok(get("/files/info", here + "/f.sh"));
    assertEquals("f.sh", info.get("name").textValue());
    assertEquals("-rwxr-x--x", info.get("mode").textValue());
    assertEquals("0751", info.get("permissions").textValue());
    assertEquals("0", info.get("owner").textValue());
    assertEquals("0", info.get("group").textValue());
    assertEquals("2026-01-02 03:04:05.12 +0000 UTC", info.get("modTime").textValue());
    assertEquals("2026-01-02T03:04:05.12Z", info.get("modifiedAt").textValue());
    assertEquals("drwxr-xr-x", ok(get("/files/info", "/usr")).get("mode").textValue());
    assertEquals("dtrwxrwxrwx", ok(get("/files/info", "/tmp")).get("mode").textValue());
    assertEquals("Dcrw-rw-rw-", ok(get("/files/info", "/dev/null")).get("mode").textValue());
    assertEquals("/", ok(get("/files/info", "/")).get("name").textValue());
    assertEquals("root", ok(get("/files/info", "/root/")).get("name").textValue());
    assertEquals("/root", ok(get("/files/info", "~")).get("path").textValue());
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /files/info",
    "DELETE, /files",
    "POST, /files/folder",
    "GET, /files/download",
    "POST, /files/upload",
    "POST, /files/upload-v2",
  })
  void aPathIsRequired(String method, String route) throws Exception {
    for (String query : List.of("", "?path=")) {
      assertError(
          server.send(server.request(route + query).method(method, BodyPublishers.noBody())),
          400,
          "BAD_REQUEST",
          "bad request: path is required");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /files",
    "GET, /files/info",
    "GET, /files/download",
    "DELETE, /files",
  })
  void whatIsNotThereIs404(String method, String route) throws Exception {
    String missing = here + "/missing";
    assertError(call(method, route, missing), 404, "FILE_NOT_FOUND", "file not found: " + missing);
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /files",
    "GET, /files/info",
    "GET, /files/download",
    "DELETE, /files",
    "POST, /files/folder",
    "POST, /files/upload-v2",
  })
  void impossiblePathsAre400(String method, String route) throws Exception {
    Files.writeString(directory.resolve("file"), "");
    for (String bad :
        List.of(here + "/file/below", "a\0b", "x".repeat(300), "/" + "y/".repeat(3000))) {
      HttpResponse<byte[]> reply = call(method, route, bad);
      assertError(reply, 400, "INVALID_FILE_PATH", "invalid file path: ");
    }
  }

  @Test
  void makesFolders() throws Exception {
    assertEquals(201, call("POST", "/files/folder", here + "/a/b").statusCode());
    assertEquals("rwxr-xr-x", permissions("a/b"));
    assertEquals(201, call("POST", "/files/folder", here + "/a/b").statusCode(), "again");
    HttpResponse<byte[]> secret =
        server.send(
            server
                .request("/files/folder?path=" + here + "/secret&mode=0700")
                .POST(BodyPublishers.noBody()));
    assertEquals(201, secret.statusCode());
    assertEquals(0, secret.body().length);
    assertEquals("rwx------", permissions("secret"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"999", "rwx", "0o755", "-1", "77777777777"})
  void aBadModeIsRefused(String mode) throws Exception {
    assertError(
        server.send(
            server
                .request("/files/folder?path=" + here + "/x&mode=" + mode)
                .POST(BodyPublishers.noBody())),
        400,
        "BAD_REQUEST",
        "invalid mode format");
    assertFalse(Files.exists(directory.resolve("x")));
  }

  @Test
  void aFolderCannotReplaceAFile() throws Exception {
    Files.writeString(directory.resolve("file"), "kept");
    HttpResponse<byte[]> reply = call("POST", "/files/folder", here + "/file");
    assertEquals(400, reply.statusCode(), new String(reply.body(), StandardCharsets.UTF_8));
    assertEquals("kept", Files.readString(directory.resolve("file")));
  }

  @Test
  void deletesAFile() throws Exception {
    Files.writeString(directory.resolve("file"), "");
    Files.createSymbolicLink(directory.resolve("link"), Path.of("nowhere"));
    HttpResponse<byte[]> reply = call("DELETE", "/files", here + "/file");
    assertEquals(204, reply.statusCode());
    assertEquals(0, reply.body().length);
    assertEquals(204, call("DELETE", "/files", here + "/link").statusCode());
    assertEquals(0, ok(get("/files", here)).size());
  }

  @Test
  void deletesATreeOnlyWhenTold() throws Exception {
    Files.createDirectories(directory.resolve("a/b"));
    Files.writeString(directory.resolve("a/b/c"), "");
    String path = "/files?path=" + here + "/a";
    for (String query : List.of("", "&recursive=false", "&recursive=1", "&recursive=TRUE")) {
      HttpResponse<byte[]> refused = server.send(server.request(path + query).DELETE());
      assertError(refused, 400, "BAD_REQUEST", "bad request: cannot delete the directory");
    }
    assertTrue(Files.exists(directory.resolve("a/b/c")));
    assertEquals(204, server.send(server.request(path + "&recursive=true").DELETE()).statusCode());
    assertError(
        server.send(server.request(path + "&recursive=true").DELETE()),
        404,
        "FILE_NOT_FOUND",
        "file not found: " + here + "/a");
  }

  @Test
  void saysWhereItIsAndWhatItIs() throws Exception {
    String work = server.work().toRealPath().toString();
    assertEquals("{\"dir\":\"" + work + "\"}", text(server.get("/work-dir")));
    assertEquals("{\"dir\":\"/root\"}", text(server.get("/user-home-dir")));
    assertEquals("{\"dir\":\"/root\"}", text(server.get("/project-dir")));
    assertEquals("{\"version\":\"1.2.3\"}", text(server.get("/version")));
  }

  @Test
  void anUnknownRouteHasTheShapeOfErrors() throws Exception {
    assertError(server.get("/no/such/route?secret=1"), 404, "NOT_FOUND", "");
    assertFalse(text(server.get("/no/such/route?secret=1")).contains("secret"));
  }

  private String permissions(String name) throws Exception {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(directory.resolve(name)));
  }

  private static HttpResponse<byte[]> get(String route, String path) throws Exception {
    return call("GET", route, path);
  }

  private static HttpResponse<byte[]> call(String method, String route, String path)
      throws Exception {
    String query = "?path=" + URLEncoder.encode(path, StandardCharsets.UTF_8);
    return server.send(server.request(route + query).method(method, BodyPublishers.noBody()));
  }

  private static String text(HttpResponse<byte[]> reply) {
    return new String(reply.body(), StandardCharsets.UTF_8);
  }

  private static List<String> names(JsonNode list) {
    List<String> names = new ArrayList<>();
    list.forEach(entry -> names.add(entry.get("name").textValue()));
    return names;
  }
}
