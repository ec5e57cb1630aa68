package io.daytona.toolbox.file;

import static io.daytona.toolbox.Replies.assertError;
import static io.daytona.toolbox.Replies.json;
import static io.daytona.toolbox.Replies.ok;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.toolbox.ToolboxServer;
import java.io.OutputStream;
import java.net.Socket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Uploads by every route (toolbox protocol §6.4). */
@Timeout(120)
@Tag("slow")
class UploadTest {
  private static final byte[] EVERY_BYTE = new byte[256];

  private static ToolboxServer server;

  private String here;
  private Path directory;

  static {
    for (int i = 0; i < 256; i++) {
      EVERY_BYTE[i] = (byte) i;
    }
  }

  @BeforeAll
  static void start() throws Exception {
    server = ToolboxServer.start();
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  @BeforeEach
  void makeDirectory() throws Exception {
    directory = Files.createTempDirectory(server.work(), "upload");
    here = directory.getFileName().toString();
  }

  @ParameterizedTest
  @CsvSource({"/files/upload, true", "/files/upload-v2, true", "/files/upload-v2, false"})
  void writesOneFile(String route, boolean form) throws Exception {
    String path = here + "/new/ü dir/file.bin";
    HttpResponse<byte[]> reply =
        form
            ? upload(route, path, Form.CONTENT_TYPE, new Form().file("file", EVERY_BYTE).closed())
            : upload(route, path, "application/octet-stream", EVERY_BYTE);
    assertEquals(200, reply.statusCode());
    if (route.equals("/files/upload")) {
      assertEquals(0, reply.body().length);
    } else {
      JsonNode body = json(reply);
      assertEquals("file.bin", body.get("name").textValue());
      assertEquals(path, body.get("path").textValue());
      assertEquals("file", body.get("type").textValue());
    }
    Path file = directory.resolve("new/ü dir/file.bin");
    assertArrayEquals(EVERY_BYTE, Files.readAllBytes(file));
    assertEquals("rw-r--r--", permissions(file));
    assertEquals("rwxr-xr-x", permissions(directory.resolve("new/ü dir")));
  }

  @Test
  void anEmptyFileIsAFile() throws Exception {
    assertEquals(
        200, upload("/files/upload-v2", here + "/raw", "text/plain", new byte[0]).statusCode());
    byte[] form = new Form().file("file", "").closed();
    assertEquals(
        200, upload("/files/upload-v2", here + "/form", Form.CONTENT_TYPE, form).statusCode());
    assertEquals(0, Files.size(directory.resolve("raw")));
    assertEquals(0, Files.size(directory.resolve("form")));
  }

  @Test
  void replacesAtomicallyWithMode0644() throws Exception {
    Path file = directory.resolve("file");
    Files.writeString(file, "a longer old text");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
    assertEquals(
        200,
        bulk(new Form().field("files[0].path", here + "/file").file("files[0].file", "new"))
            .statusCode());
    assertEquals("new", Files.readString(file));
    assertEquals("rw-r--r--", permissions(file));
    assertEquals(List.of("file"), names());
  }

  @Test
  void writesThroughLinks() throws Exception {
    Path target = directory.resolve("target");
    Files.writeString(target, "old");
    Files.createSymbolicLink(directory.resolve("link"), Path.of("target"));
    Files.createSymbolicLink(directory.resolve("dangling"), Path.of("made"));
    ok(
        bulk(
            new Form()
                .field("files[0].path", here + "/link")
                .file("files[0].file", "one")
                .field("files[1].path", here + "/dangling")
                .file("files[1].file", "two")));
    assertEquals("one", Files.readString(target));
    assertEquals("two", Files.readString(directory.resolve("made")));
    assertTrue(Files.isSymbolicLink(directory.resolve("link")));
    assertTrue(Files.isSymbolicLink(directory.resolve("dangling")));
  }

  @Test
  void aDirectoryIsNotReplaced() throws Exception {
    Files.createDirectory(directory.resolve("sub"));
    Files.writeString(directory.resolve("sub/kept"), "kept");
    byte[] form = new Form().file("file", "x").closed();
    for (String route : List.of("/files/upload", "/files/upload-v2")) {
      assertError(
          upload(route, here + "/sub", Form.CONTENT_TYPE, form),
          400,
          "INVALID_FILE_PATH",
          "invalid file path: path points to a directory: ");
    }
    assertEquals(
        400,
        bulk(new Form().field("files[0].path", here + "/sub").file("files[0].file", "x"))
            .statusCode());
    assertEquals("kept", Files.readString(directory.resolve("sub/kept")));
    assertEquals(List.of("sub"), names());
  }

  @Test
  void aBatchIsWrittenInOrder() throws Exception {
    JsonNode body =
        ok(
            bulk(
                new Form()
                    .field("files[0].path", "  " + here + "/a \n")
                    .field("files[1].path", here + "/b")
                    .field("something.else", "ignored")
                    .file("files[1].file", "bb")
                    .file("files[0].file", EVERY_BYTE)));
    assertEquals(
        "{\"files\":[{\"path\":\""
            + here
            + "/b\",\"bytes\":2},{\"path\":\""
            + here
            + "/a\",\"bytes\":256}]}",
        body.toString());
    assertArrayEquals(EVERY_BYTE, Files.readAllBytes(directory.resolve("a")));
    assertEquals("bb", Files.readString(directory.resolve("b")));
  }

  @Test
  void manySmallFilesAreReportedInOrderAndTheLaterOfANameWins() throws Exception {
    Form form = new Form();
    int count = 300;
    for (int i = 0; i < count; i++) {
      String name = i % 10 == 3 ? "same" : "f" + i;
      form.field("files[" + i + "].path", (i % 2 == 0 ? "" : "./") + here + "/" + name)
          .file("files[" + i + "].file", "content " + i + " ".repeat(i % 7 * 20_000));
    }
    HttpResponse<byte[]> reply = bulk(form);
    assertEquals(200, reply.statusCode());
    var files = json(reply).get("files");
    assertEquals(count, files.size());
    for (int i = 0; i < count; i++) {
      assertEquals(i % 10 == 3, files.get(i).get("path").textValue().endsWith("/same"));
      assertEquals(
          ("content " + i).length() + i % 7 * 20_000, files.get(i).get("bytes").intValue());
    }
    assertEquals("content 293", Files.readString(directory.resolve("same")).strip());
    assertEquals(count - 30 + 1, names().size());
  }

  @Test
  void aFileOfABatchThatFailsDoesNotStopTheOthers() throws Exception {
    Files.createDirectory(directory.resolve("sub"));
    HttpResponse<byte[]> reply =
        bulk(
            new Form()
                .file("files[0].file", "came before its path")
                .field("files[0].path", here + "/late")
                .field("files[1].path", here + "/sub")
                .file("files[1].file", "x".repeat(300_000))
                .field("files[2].path", here + "/good")
                .file("files[2].file", "good")
                .field("files[3].path", "   ")
                .file("files[3].file", "nowhere"));
    assertError(reply, 400, "BAD_REQUEST", "bad request: file[0]: missing .path metadata; ");
    JsonNode body = json(reply);
    assertEquals(4, body.get("errors").size(), body::toString);
    assertEquals("file[0]: missing .path metadata", body.get("errors").get(0).textValue());
    assertTrue(body.get("errors").get(1).textValue().startsWith("file[1]: invalid file path: "));
    assertEquals("file[3]: missing .path metadata", body.get("errors").get(3).textValue());
    assertEquals(1, body.get("files").size());
    assertEquals("good", Files.readString(directory.resolve("good")));
    assertEquals(List.of("good", "sub"), names());
  }

  @Test
  void whatIsNoFormIsRefused() throws Exception {
    HttpResponse<byte[]> reply =
        upload("/files/bulk-upload", "", "application/json", "{}".getBytes(StandardCharsets.UTF_8));
    assertError(reply, 400, "BAD_REQUEST", "bad request: invalid multipart form");
    assertEquals("[\"invalid multipart form\"]", json(reply).get("errors").toString());
    assertTrue(json(reply).get("files").isArray());
  }

  @ParameterizedTest
  @ValueSource(strings = {"/files/upload", "/files/upload-v2"})
  void aFormWithoutTheFieldIsRefused(String route) throws Exception {
    byte[] form = new Form().file("other", "x").closed();
    assertError(
        upload(route, here + "/f", Form.CONTENT_TYPE, form),
        400,
        "BAD_REQUEST",
        "bad request: the form has no field named \"file\"");
    assertEquals(List.of(), names());
  }

  @ParameterizedTest
  @ValueSource(strings = {"/files/upload", "/files/upload-v2"})
  void aFormThatIsCutLeavesNothing(String route) throws Exception {
    byte[] form = new Form().file("file", "x".repeat(500_000)).cut();
    assertError(
        upload(route, here + "/f", Form.CONTENT_TYPE, form),
        400,
        "BAD_REQUEST",
        "bad request: invalid multipart form: ");
    awaitNames(List.of());
  }

  @Test
  void theRequestIsReadToItsEndBeforeItIsRefused() throws Exception {
    Files.createDirectory(directory.resolve("sub"));
    byte[] large = new byte[8 << 20];
    assertError(
        upload("/files/upload-v2", here + "/sub", "application/octet-stream", large),
        400,
        "INVALID_FILE_PATH",
        "invalid file path: ");
    assertError(
        upload("/files/upload-v2", "", "application/octet-stream", large),
        400,
        "BAD_REQUEST",
        "bad request: path is required");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aClientThatGoesAwayLeavesNothing(boolean form) throws Exception {
    Files.writeString(directory.resolve("file"), "old");
    URI uri = server.uri("/files/upload-v2?path=" + here + "/file");
    try (Socket socket = new Socket(uri.getHost(), uri.getPort())) {
      String head =
          "POST "
              + uri.getRawPath()
              + "?"
              + uri.getRawQuery()
              + " HTTP/1.1\r\nHost: x\r\n"
              + "Content-Length: 100000000\r\nContent-Type: "
              + (form ? Form.CONTENT_TYPE : "application/octet-stream")
              + "\r\n\r\n";
      OutputStream out = socket.getOutputStream();
      out.write(head.getBytes(StandardCharsets.US_ASCII));
      out.write(new Form().file("file", new byte[1 << 20]).cut());
      out.flush();
      awaitTemporary();
    }
    awaitNames(List.of("file"));
    assertEquals("old", Files.readString(directory.resolve("file")));
  }

  @Test
  void boundariesInsideTheDataAreData() throws Exception {
    String tricky =
        ("\r\n--" + Form.BOUNDARY.substring(0, 10) + "\r\n-\r\n--\r\n" + "-".repeat(70))
            .repeat(9_000);
    byte[] form = new Form().file("file", tricky).closed();
    assertEquals(
        200, upload("/files/upload-v2", here + "/f", Form.CONTENT_TYPE, form).statusCode());
    assertEquals(tricky, Files.readString(directory.resolve("f")));
  }

  @Test
  void quotedBoundariesAndOtherCaseAreUnderstood() throws Exception {
    byte[] form = new Form().file("file", "x").closed();
    String type = "Multipart/Form-Data; Boundary=\"" + Form.BOUNDARY + "\"";
    assertEquals(200, upload("/files/upload-v2", here + "/f", type, form).statusCode());
    assertEquals("x", Files.readString(directory.resolve("f")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/files/upload", "/files/upload-v2", "/files/bulk-upload"})
  void aFormNeedsABoundary(String route) throws Exception {
    for (String type : List.of("multipart/form-data", "multipart/form-data; boundary=")) {
      assertError(
          upload(route, here + "/f", type, new Form().file("file", "x").closed()),
          400,
          "BAD_REQUEST",
          "bad request: invalid multipart form");
    }
    assertEquals(List.of(), names());
  }

  private static HttpResponse<byte[]> bulk(Form form) throws Exception {
    return upload("/files/bulk-upload", "", Form.CONTENT_TYPE, form.closed());
  }

  private static HttpResponse<byte[]> upload(
      String route, String path, String contentType, byte[] body) throws Exception {
    String query = path.isEmpty() ? "" : "?path=" + URLEncoder.encode(path, StandardCharsets.UTF_8);
    return server.send(
        server
            .request(route + query, "Content-Type", contentType)
            .POST(BodyPublishers.ofByteArray(body)));
  }

  private static String permissions(Path path) throws Exception {
    return PosixFilePermissions.toString(
        Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS));
  }

  private List<String> names() throws Exception {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  private void awaitNames(List<String> expected) throws Exception {
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!names().equals(expected)) {
      assertTrue(System.nanoTime() < deadline, () -> "left behind beside " + expected);
      Thread.onSpinWait();
    }
    assertFalse(names().stream().anyMatch(name -> name.contains("daytona-upload")));
  }

  private void awaitTemporary() throws Exception {
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (names().stream().noneMatch(name -> name.contains("daytona-upload"))) {
      assertTrue(System.nanoTime() < deadline, "the upload did not begin");
      Thread.onSpinWait();
    }
  }
}
