package io.daytona.toolbox.file;

import static io.daytona.toolbox.Replies.assertError;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.http.Json;
import io.daytona.toolbox.ToolboxServer;
import java.io.IOException;
import java.net.Socket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Downloads (toolbox protocol §6.3). */
@Timeout(120)
@Tag("slow")
class DownloadTest {
  private static final Instant MODIFIED = Instant.parse("2026-01-02T03:04:05.6Z");
  private static final String DATE = "Fri, 02 Jan 2026 03:04:05 GMT";
  private static final String LATER = "Sat, 03 Jan 2026 03:04:05 GMT";
  private static final String EARLIER = "Thu, 01 Jan 2026 03:04:05 GMT";
  private static final byte[] CONTENT = new byte[1000];

  private static ToolboxServer server;

  static {
    for (int i = 0; i < CONTENT.length; i++) {
      CONTENT[i] = (byte) i;
    }
  }

  @BeforeAll
  static void start() throws Exception {
    server = ToolboxServer.start();
    Path file = server.work().resolve("file.bin");
    Files.write(file, CONTENT);
    Files.setLastModifiedTime(file, FileTime.from(MODIFIED));
    Files.createDirectory(server.work().resolve("directory"));
    Files.createFile(server.work().resolve("empty"));
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  @Test
  void givesAFile() throws Exception {
    HttpResponse<byte[]> reply = get("file.bin");
    assertEquals(200, reply.statusCode());
    assertArrayEquals(CONTENT, reply.body());
    assertEquals("application/octet-stream", header(reply, "Content-Type"));
    assertEquals("1000", header(reply, "Content-Length"));
    assertEquals(DATE, header(reply, "Last-Modified"));
    assertEquals("bytes", header(reply, "Accept-Ranges"));
    assertEquals(
        "attachment; filename=\"file.bin\"; filename*=utf-8''file.bin",
        header(reply, "Content-Disposition"));
    assertEquals(0, get("empty").body().length);
  }

  @Test
  void aHeadHasTheSameHeadersAndNoBody() throws Exception {
    for (int i = 0; i < 5; i++) {
      HttpResponse<byte[]> reply =
          server.send(
              server
                  .request("/files/download?path=file.bin")
                  .method("HEAD", BodyPublishers.noBody()));
      assertEquals(200, reply.statusCode());
      assertEquals("1000", header(reply, "Content-Length"));
      assertEquals(0, reply.body().length);
    }
  }

  @Test
  void namesThatHeadersCannotHoldAreEncoded() throws Exception {
    String name = "a \"b\" \\ é ☃\n;.txt";
    Files.writeString(server.work().resolve(name), "x");
    String disposition = header(get(name), "Content-Disposition");
    assertTrue(
        disposition.endsWith("filename*=utf-8''a%20%22b%22%20%5C%20%C3%A9%20%E2%98%83%0A%3B.txt"),
        disposition);
    assertTrue(disposition.contains("\\\"b\\\" \\\\ "), disposition);
  }

  @ParameterizedTest
  @CsvSource({
    "bytes=0-9, 0, 10",
    "bytes=990-, 990, 10",
    "bytes=-10, 990, 10",
    "bytes=-5000, 0, 1000",
    "bytes=500-5000, 500, 500",
    "bytes=999-999, 999, 1",
  })
  void givesARange(String range, int first, int length) throws Exception {
    HttpResponse<byte[]> reply = get("file.bin", "Range", range);
    assertEquals(206, reply.statusCode());
    assertArrayEquals(Arrays.copyOfRange(CONTENT, first, first + length), reply.body());
    assertEquals(
        "bytes " + first + "-" + (first + length - 1) + "/1000", header(reply, "Content-Range"));
    assertEquals("" + length, header(reply, "Content-Length"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"bytes=5-1", "bytes=-", "bytes=a-b", "lines=1-2", "bytes=0-1,5-6", "x"})
  void aRangeThatIsNoneIsIgnored(String range) throws Exception {
    HttpResponse<byte[]> reply = get("file.bin", "Range", range);
    assertEquals(200, reply.statusCode());
    assertArrayEquals(CONTENT, reply.body());
  }

  @ParameterizedTest
  @ValueSource(strings = {"bytes=1000-", "bytes=5000-6000", "bytes=-0"})
  void aRangeBeyondTheFileIs416(String range) throws Exception {
    HttpResponse<byte[]> reply = get("file.bin", "Range", range);
    assertError(reply, 416, "RANGE_NOT_SATISFIABLE", "the file has no such bytes");
    assertEquals("bytes */1000", header(reply, "Content-Range"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "If-Modified-Since|" + DATE + "|304",
        "If-Modified-Since|" + LATER + "|304",
        "If-Modified-Since|" + EARLIER + "|200",
        "If-Modified-Since|nonsense|200",
        "If-Unmodified-Since|" + DATE + "|200",
        "If-Unmodified-Since|" + EARLIER + "|412",
        "If-None-Match|*|304",
        "If-None-Match|\"tag\"|200",
        "If-Match|*|200",
        "If-Match|\"tag\"|412",
      })
  void conditionsHold(String header, String value, int status) throws Exception {
    for (boolean ranged : List.of(false, true)) {
      HttpResponse<byte[]> reply =
          ranged
              ? get("file.bin", header, value, "Range", "bytes=0-9")
              : get("file.bin", header, value);
      assertEquals(status == 200 && ranged ? 206 : status, reply.statusCode());
      if (status == 304) {
        assertEquals(0, reply.body().length);
      } else if (status == 412) {
        assertError(reply, 412, "PRECONDITION_FAILED", "the file has changed");
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {DATE + "|206", LATER + "|200", EARLIER + "|200", "\"tag\"|200"})
  void aRangeMayDependOnTheFile(String ifRange, int status) throws Exception {
    assertEquals(status, get("file.bin", "If-Range", ifRange, "Range", "bytes=0-9").statusCode());
  }

  @Test
  void aDirectoryIsRefused() throws Exception {
    String message = "invalid file path: path points to a directory: directory";
    assertError(get("directory"), 400, "INVALID_FILE_PATH", message);
    assertError(get("directory", "Range", "bytes=0-1"), 400, "INVALID_FILE_PATH", message);
    assertError(get("/dev/zero"), 400, "INVALID_FILE_PATH", "invalid file path: ");
  }

  @Test
  void aBatchKeepsItsOrder() throws Exception {
    Files.writeString(server.work().resolve("q\"uote.txt"), "text");
    List<String> paths =
        List.of("file.bin", "missing", "q\"uote.txt", "", "directory", "empty", "/dev/null");
    HttpResponse<byte[]> reply = bulk(Json.mapper().writeValueAsString(Map.of("paths", paths)));
    assertEquals(200, reply.statusCode());
    assertEquals(
        "multipart/form-data; boundary=DAYTONA-FILE-BOUNDARY", header(reply, "Content-Type"));
    String body = new String(reply.body(), StandardCharsets.ISO_8859_1);
    assertTrue(body.endsWith("\r\n--DAYTONA-FILE-BOUNDARY--\r\n"), body);
    String[] parts = body.split("(?:^|\r\n)--DAYTONA-FILE-BOUNDARY(?:--)?\r\n", -1);
    assertEquals(paths.size() + 2, parts.length);
    assertPart(parts[1], "file", "filename=\"file.bin\"; filename*=utf-8''file.bin", 1000);
    assertTrue(parts[1].contains("Content-Type: application/octet-stream\r\n"), parts[1]);
    assertErrorPart(parts[2], "missing", 404, "FILE_NOT_FOUND", "file not found: missing");
    assertPart(parts[3], "file", "filename=\"q\\\"uote.txt\"", 4);
    assertTrue(parts[3].contains("Content-Type: text/plain"), parts[3]);
    assertErrorPart(parts[4], "", 400, "INVALID_FILE_PATH", "invalid file path: path is empty");
    assertErrorPart(
        parts[5],
        "directory",
        400,
        "INVALID_FILE_PATH",
        "invalid file path: path points to a directory: directory");
    assertPart(parts[6], "file", "filename=\"empty\"", 0);
    assertTrue(parts[7].contains("name=\"error\""), parts[7]);
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{\"paths\":[]}", "{\"paths\":null}", ""})
  void aBatchOfNothingIsRefused(String body) throws Exception {
    assertError(
        bulk(body), 400, "BAD_REQUEST", "request body must be {\"paths\": [ ... ]} and non-empty");
  }

  @Test
  void whatShrinksWhileItIsReadIsNotTakenForWhole() throws Exception {
    Path big = server.work().resolve("shrinking");
    // Larger than every buffer on the way, so that the reader meets the new end.
    Files.write(big, new byte[64 << 20]);
    try (var out = Files.newByteChannel(big, StandardOpenOption.WRITE)) {
      var reply =
          HttpClient.newHttpClient()
              .send(
                  server.request("/files/download?path=shrinking").build(),
                  HttpResponse.BodyHandlers.ofInputStream());
      assertEquals(200, reply.statusCode());
      out.truncate(1);
      assertThrows(IOException.class, () -> reply.body().readAllBytes());
    }
    Files.write(big, new byte[64 << 20]);
    assertEquals(64 << 20, get("shrinking").body().length);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aClientThatLeavesClosesTheFile(boolean bulk) throws Exception {
    Path big = server.work().toRealPath().resolve("left" + bulk);
    Files.write(big, new byte[64 << 20]);
    URI uri = server.uri("/files/download?path=" + big);
    String body = "{\"paths\":[\"" + big + "\"]}";
    String head =
        bulk
            ? "POST /toolbox/box/files/bulk-download HTTP/1.1\r\nHost: x\r\nContent-Length: "
                + body.length()
                + "\r\nContent-Type: application/json\r\n\r\n"
                + body
            : "GET " + uri.getRawPath() + "?" + uri.getRawQuery() + " HTTP/1.1\r\nHost: x\r\n\r\n";
    try (Socket socket = new Socket(uri.getHost(), uri.getPort())) {
      socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      assertTrue(socket.getInputStream().read() >= 0);
      assertTrue(isOpen(big), "it is being read");
    }
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (isOpen(big)) {
      assertTrue(System.nanoTime() < deadline, "it is still being read");
    }
  }

  /** Whether any process has a file open. */
  private static boolean isOpen(Path file) throws Exception {
    String script = "ls -l /proc/[0-9]*/fd 2>/dev/null | grep -q -- \"-> $1\\$\"";
    return new ProcessBuilder("sh", "-c", script, "sh", file.toString()).start().waitFor() == 0;
  }

  private static void assertPart(String part, String name, String disposition, int length) {
    int end = part.indexOf("\r\n\r\n");
    String head = part.substring(0, end);
    assertTrue(head.startsWith("Content-Disposition: form-data; name=\"" + name + "\"; "), head);
    assertTrue(head.contains(disposition), head);
    assertTrue(head.endsWith("Content-Length: " + length), head);
    assertEquals(length, part.length() - end - 4);
  }

  private static void assertErrorPart(
      String part, String path, int status, String code, String message) throws IOException {
    int end = part.indexOf("\r\n\r\n");
    assertPart(part, "error", "filename=\"" + path + "\"", part.length() - end - 4);
    assertTrue(part.contains("Content-Type: application/json; charset=utf-8\r\n"), part);
    var body = Json.mapper().readTree(part.substring(end + 4));
    assertEquals(status, body.get("statusCode").intValue());
    assertEquals(code, body.get("code").textValue());
    assertEquals(message, body.get("message").textValue());
    assertEquals(path, body.get("path").textValue());
    assertEquals("POST", body.get("method").textValue());
    assertEquals("DAYTONA_DAEMON", body.get("source").textValue());
    assertFalse(body.get("timestamp").textValue().isEmpty());
  }

  private static HttpResponse<byte[]> bulk(String body) throws Exception {
    return server.post("/files/bulk-download", body);
  }

  private static HttpResponse<byte[]> get(String path, String... headers) throws Exception {
    return server.get(
        "/files/download?path=" + URLEncoder.encode(path, StandardCharsets.UTF_8), headers);
  }

  private static String header(HttpResponse<byte[]> reply, String name) {
    return reply.headers().firstValue(name).orElse("");
  }
}
