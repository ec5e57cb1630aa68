package io.daytona.toolbox.file;

import static io.daytona.toolbox.Replies.json;
import static io.daytona.toolbox.Replies.ok;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.http.Json;
import io.daytona.toolbox.RealAgent;
import io.daytona.toolbox.ToolboxServer;
import io.daytona.toolbox.agent.client.AgentClient;
import io.daytona.toolbox.agent.client.OlderAgent;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Many files with one request (toolbox protocol §6.3, §6.4). */
@Timeout(120)
class BulkTest extends InFileBox {
  private static final int SIZE = 20_000;

  @Test
  void manyFilesGoUpAndDown() throws Exception {
    Form form = new Form();
    List<String> paths = new ArrayList<>();
    int count = 3_000;
    for (int i = 0; i < count; i++) {
      String path = here + "/some/directory/with a name " + i % 50 + "/file " + i;
      paths.add(path);
      form.field("files[" + i + "].path", path).file("files[" + i + "].file", content(i));
    }
    assertEquals(count, ok(upload(box.server(), form)).get("files").size());
    paths.add(1_000, here + "/missing");
    paths.add(1_000, "x".repeat(5_000));
    paths.add(1_000, "");
    List<String> parts = parts(download(box.server(), paths));
    assertEquals(count + 3, parts.size());
    for (int i = 0, file = 0; i < parts.size(); i++) {
      String part = parts.get(i);
      if (i >= 1_000 && i < 1_003) {
        assertTrue(part.contains("name=\"error\""), part);
      } else {
        assertTrue(part.contains("name=\"file\""), part);
        assertTrue(part.endsWith("\r\n\r\n" + content(file)), part);
        file++;
      }
    }
  }

  /** Some are empty, some larger than what is held in memory. */
  private static String content(int i) {
    return i % 100 == 0 ? "" : ("content " + i + "\n").repeat(i % 100 == 50 ? 9_000 : i % 7 + 1);
  }

  @Test
  void whatCannotBeWrittenIsSaidAndTheRestIsWritten() throws Exception {
    new ProcessBuilder("mkfifo", dir.resolve("fifo").toString()).start().waitFor();
    Files.createDirectory(dir.resolve("d"));
    Files.writeString(dir.resolve("file"), "kept");
    Files.createSymbolicLink(dir.resolve("loop"), Path.of("loop"));
    List<String> refused =
        List.of(
            here + "/fifo",
            here + "/d",
            here + "/d/",
            here + "/file/below",
            here + "/loop",
            "/dev/null",
            "/proc/none/f",
            here + "/" + "x".repeat(300),
            "y/".repeat(3_000));
    Form form = new Form();
    for (int i = 0; i < refused.size(); i++) {
      form.field("files[" + 2 * i + "].path", refused.get(i))
          .file("files[" + 2 * i + "].file", "x");
      int good = 2 * i + 1;
      form.field("files[" + good + "].path", here + "/new/" + good)
          .file("files[" + good + "].file", "good");
    }
    HttpResponse<byte[]> reply = upload(box.server(), form);
    assertEquals(400, reply.statusCode());
    JsonNode body = json(reply);
    assertEquals(refused.size(), body.get("errors").size(), body::toString);
    assertEquals(refused.size(), body.get("files").size(), body::toString);
    for (int i = 0; i < refused.size(); i++) {
      String error = body.get("errors").get(i).textValue();
      assertTrue(error.startsWith("file[" + 2 * i + "]: "), error);
      assertEquals("good", Files.readString(dir.resolve("new/" + (2 * i + 1))));
    }
    assertEquals("kept", Files.readString(dir.resolve("file")));
    assertEquals("fifo\n", run("stat", "-c", "%F", dir + "/fifo"));
    assertEquals(List.of("d", "fifo", "file", "loop", "new"), names(dir));
    assertEquals(List.of(), names(dir.resolve("d")));
  }

  @Test
  void namesThatAreNotUtf8() throws Exception {
    byte[] name = (here + "/a??.bin").getBytes(StandardCharsets.UTF_8);
    name[name.length - 6] = (byte) 0xff;
    name[name.length - 5] = (byte) 0xc3;
    ok(upload(box.server(), new Form().field("files[0].path", name).file("files[0].file", "raw")));
    assertEquals("raw", run("sh", "-c", "cat " + dir + "/$(printf 'a\\377\\303.bin')"));
    String asked = "{\"paths\":[\"" + here + "/a\\udcff\\udcc3.bin\"]}";
    String part = FileBox.text(box.server().post("/files/bulk-download", asked));
    assertTrue(part.contains("name=\"file\"") && part.contains("\r\n\r\nraw\r\n"), part);
  }

  @Test
  void isDoneAsTheUser() throws Exception {
    try (FileBox nobody = FileBox.startAs("nobody")) {
      Path home = nobody.server().work().resolve("home");
      Path secret = Files.writeString(home.resolve("secret"), "of root");
      run("chmod", "600", secret.toString());
      HttpResponse<byte[]> reply =
          upload(
              nobody.server(),
              new Form()
                  .field("files[0].path", "made/by/user")
                  .file("files[0].file", "x")
                  .field("files[1].path", "/etc/made")
                  .file("files[1].file", "x"));
      assertEquals(
          "[\"file[1]: permission denied: /etc/made\"]", json(reply).get("errors").toString());
      assertEquals(65534, Files.getAttribute(home.resolve("made"), "unix:uid"));
      assertEquals(65534, Files.getAttribute(home.resolve("made/by/user"), "unix:uid"));
      assertEquals(
          0644, (int) Files.getAttribute(home.resolve("made/by/user"), "unix:mode") & 07777);
      assertEquals(0755, (int) Files.getAttribute(home.resolve("made"), "unix:mode") & 07777);
      assertTrue(download(nobody.server(), List.of("secret")).contains("FILE_ACCESS_DENIED"));
    }
  }

  @Test
  void aClientThatLeavesEndsTheWorkerAndLeavesNoPart() throws Exception {
    try (Socket socket = begin(box.server(), 500, 100_000_000)) {
      await(() -> Files.exists(dir.resolve("100")), "the upload did not begin");
      assertFalse(box.server().agent().children().isEmpty());
      assertTrue(socket.isConnected());
    }
    await(() -> box.server().agent().children().isEmpty(), "the worker goes on");
    assertTrue(names(dir).stream().noneMatch(name -> name.startsWith(".")), "a part is left");
    for (String name : names(dir)) {
      assertEquals(SIZE, Files.size(dir.resolve(name)));
    }
  }

  /** As the sandbox may do to what runs in it, or a disk that is stuck. */
  @Test
  void aWorkerThatIsStoppedIsGivenUpInTime() throws Exception {
    try (ToolboxServer server = impatient()) {
      byte[] rest = form(100, 500).closed();
      String reply;
      try (Socket socket = begin(server, 100, form(0, 100).cut().length + rest.length)) {
        await(() -> Files.exists(dir.resolve("50")), "the upload did not begin");
        signal(server, "STOP");
        reply = finish(socket, rest);
        signal(server, "CONT");
      }
      assertTrue(reply.startsWith("HTTP/1.1 400 "), reply);
      assertTrue(reply.contains("file[499]: The sandbox did not answer in time."), reply);
      await(() -> server.agent().children().isEmpty(), "the worker goes on");
      assertTrue(names(dir).stream().noneMatch(name -> name.startsWith(".")), "a part is left");
    }
  }

  @Test
  void aWorkerThatIsStoppedInALargeFileIsGivenUpInTime() throws Exception {
    try (ToolboxServer server = impatient()) {
      byte[] first = new byte[1 << 20];
      byte[] rest = new byte[32 << 20];
      String route = "/files/upload-v2?path=" + dir + "/large";
      String reply;
      try (Socket socket = open(server, route, "application/x-any", first.length + rest.length)) {
        socket.getOutputStream().write(first);
        await(() -> !names(dir).isEmpty(), "the upload did not begin");
        signal(server, "STOP");
        reply = finish(socket, rest);
        signal(server, "CONT");
      }
      assertTrue(reply.startsWith("HTTP/1.1 504 "), reply);
      await(() -> names(dir).isEmpty(), "a part is left");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aWorkerThatIsStoppedEndsADownloadInTime(boolean bulk) throws Exception {
    try (ToolboxServer server = impatient()) {
      Files.write(dir.resolve("big"), new byte[64 << 20]);
      HttpResponse<InputStream> reply =
          bulk
              ? stream(server, List.of(dir + "/big", dir + "/big"))
              : HttpClient.newHttpClient()
                  .send(
                      server.request("/files/download?path=" + dir + "/big").build(),
                      HttpResponse.BodyHandlers.ofInputStream());
      assertTrue(reply.body().read() >= 0);
      signal(server, "STOP");
      assertThrows(IOException.class, () -> reply.body().readAllBytes());
      await(() -> server.agent().children().isEmpty(), "the worker goes on");
    }
  }

  @Test
  void aWorkerThatIsKilledFailsOnlyWhatItHad() throws Exception {
    byte[] rest = form(100, 500).closed();
    String reply;
    try (Socket socket = begin(box.server(), 100, form(0, 100).cut().length + rest.length)) {
      await(() -> Files.exists(dir.resolve("50")), "the upload did not begin");
      signal(box.server(), "KILL");
      await(() -> box.server().agent().children().isEmpty(), "the worker goes on");
      reply = finish(socket, rest);
    }
    assertTrue(reply.startsWith("HTTP/1.1 400 "), reply);
    assertEquals(SIZE, Files.size(dir.resolve("499")));
  }

  @Test
  void aSandboxWithAnOlderAgentIsServedFileByFile() throws Exception {
    RealAgent agent = RealAgent.start();
    String work = agent.work().toString();
    try (ToolboxServer older =
        ToolboxServer.start(
            agent, OlderAgent.connect(agent, dir.resolve("relay")), "root", work, Map.of())) {
      HttpResponse<byte[]> reply =
          upload(
              older,
              new Form()
                  .field("files[0].path", "a/b")
                  .file("files[0].file", "one")
                  .field("files[1].path", "/dev/null")
                  .file("files[1].file", "two"));
      assertEquals(1, json(reply).get("errors").size());
      assertEquals("one", Files.readString(agent.work().resolve("a/b")));
      List<String> parts = parts(download(older, List.of("a/b", "a", "none", "a/b")));
      assertTrue(parts.get(0).endsWith("\r\n\r\none") && parts.get(3).endsWith("\r\n\r\none"));
      assertTrue(parts.get(1).contains("INVALID_FILE_PATH"), parts.get(1));
      assertTrue(parts.get(2).contains("FILE_NOT_FOUND"), parts.get(2));
    }
  }

  @Test
  void aFileThatShrinksIsNotTakenForWhole() throws Exception {
    Path big = dir.resolve("big");
    Files.write(big, new byte[64 << 20]);
    HttpResponse<InputStream> reply = stream(box.server(), List.of(here + "/big", here));
    assertEquals(200, reply.statusCode());
    try (var file = Files.newByteChannel(big, StandardOpenOption.WRITE)) {
      file.truncate(1);
    }
    assertThrows(IOException.class, () -> reply.body().readAllBytes());
    await(() -> box.server().agent().children().isEmpty(), "the worker goes on");
  }

  @Test
  void aLargeFileComesWhole() throws Exception {
    byte[] bytes = new byte[9 << 20];
    new Random(1).nextBytes(bytes);
    Files.write(dir.resolve("large"), bytes);
    byte[] body =
        box.server().post("/files/bulk-download", "{\"paths\":[\"" + here + "/large\"]}").body();
    int tail = "\r\n--DAYTONA-FILE-BOUNDARY--\r\n".length();
    assertArrayEquals(
        bytes, Arrays.copyOfRange(body, body.length - tail - bytes.length, body.length - tail));
  }

  private interface Condition {
    boolean holds() throws Exception;
  }

  private static void await(Condition condition, String otherwise) throws Exception {
    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (!condition.holds()) {
      assertTrue(System.nanoTime() < deadline, otherwise);
      Thread.onSpinWait();
    }
  }

  /** A toolbox that gives up soon. */
  private static ToolboxServer impatient() throws Exception {
    RealAgent agent = RealAgent.start();
    Duration stall = Duration.ofMillis(500);
    AgentClient client = AgentClient.connect(agent.socket(), Duration.ofSeconds(10), stall);
    return ToolboxServer.start(agent, client, "root", "/", Map.of());
  }

  private static void signal(ToolboxServer server, String name) throws Exception {
    for (ProcessHandle worker : server.agent().children()) {
      run("kill", "-" + name, Long.toString(worker.pid()));
    }
  }

  private Form form(int from, int to) {
    Form form = new Form();
    for (int i = from; i < to; i++) {
      form.field("files[" + i + "].path", dir + "/" + i)
          .file("files[" + i + "].file", "x".repeat(SIZE));
    }
    return form;
  }

  /** A bulk upload that goes on after some files. */
  private Socket begin(ToolboxServer server, int files, long length) throws IOException {
    Socket socket = open(server, "/files/bulk-upload", Form.CONTENT_TYPE, length);
    socket.getOutputStream().write(form(0, files).cut());
    return socket;
  }

  private static Socket open(ToolboxServer server, String route, String type, long length)
      throws IOException {
    URI uri = server.uri(route);
    Socket socket = new Socket(uri.getHost(), uri.getPort());
    String query = uri.getRawQuery() == null ? "" : "?" + uri.getRawQuery();
    String head =
        "POST %s%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: %d\r\nContent-Type: %s\r\n\r\n"
            .formatted(uri.getRawPath(), query, length, type);
    socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
    return socket;
  }

  private static String finish(Socket socket, byte[] rest) throws IOException {
    socket.getOutputStream().write(rest);
    return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  private static HttpResponse<InputStream> stream(ToolboxServer server, List<String> paths)
      throws Exception {
    String body = Json.mapper().writeValueAsString(Map.of("paths", paths));
    return HttpClient.newHttpClient()
        .send(
            server
                .request("/files/bulk-download", "Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body))
                .build(),
            HttpResponse.BodyHandlers.ofInputStream());
  }

  private static String run(String... command) throws Exception {
    Process process = new ProcessBuilder(command).start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(0, process.waitFor());
    return output;
  }

  private static List<String> names(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }

  private static HttpResponse<byte[]> upload(ToolboxServer server, Form form) throws Exception {
    return server.send(
        server
            .request("/files/bulk-upload", "Content-Type", Form.CONTENT_TYPE)
            .POST(BodyPublishers.ofByteArray(form.closed())));
  }

  private static String download(ToolboxServer server, List<String> paths) throws Exception {
    String body = Json.mapper().writeValueAsString(Map.of("paths", paths));
    HttpResponse<byte[]> reply = server.post("/files/bulk-download", body);
    assertEquals(200, reply.statusCode());
    return FileBox.text(reply);
  }

  private static List<String> parts(String body) {
    String boundary = "--DAYTONA-FILE-BOUNDARY";
    assertTrue(body.endsWith("\r\n" + boundary + "--\r\n"), body);
    String inner = body.substring(boundary.length() + 2, body.length() - boundary.length() - 6);
    return List.of(inner.split("\r\n" + boundary + "\r\n", -1));
  }
}
