package io.daytona.toolbox.terminal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.http.Json;
import io.daytona.toolbox.ToolboxServer;
import io.daytona.toolbox.ToolboxSocket;
import io.daytona.toolbox.ToolboxSocket.Event;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Somebody in front of a terminal, as the published clients are. */
final class TerminalUser implements AutoCloseable {
  static final String EXIT_CONTROL = "X-Daytona-Pty-Exit-Control";

  /** Shells of the tests must not run what the host's users put into their profiles. */
  static final Map<String, String> BASE = Map.of("FROM_BASE", "base", "HOME", "/nonexistent");

  private final ToolboxSocket socket;
  private final ByteArrayOutputStream seen = new ByteArrayOutputStream();
  private final List<JsonNode> controls = new ArrayList<>();
  private Event.@Nullable Closed closed;

  private TerminalUser(ToolboxSocket socket) {
    this.socket = socket;
  }

  /** Creates a terminal and connects to it in one round trip, as clients since 0.197. */
  static TerminalUser create(ToolboxServer server, String id) throws Exception {
    return open(
        server, "/process/pty/create-connect?id=" + id + "&cols=80&rows=24", List.of(EXIT_CONTROL));
  }

  /** Connects to a terminal. */
  static TerminalUser connect(ToolboxServer server, String id) throws Exception {
    return open(server, "/process/pty/" + id + "/connect", List.of(EXIT_CONTROL));
  }

  /** Opens any path; the first message must say that it is connected. */
  static TerminalUser open(
      ToolboxServer server, String path, List<String> offered, String... headers) throws Exception {
    TerminalUser user = new TerminalUser(server.socket(path, offered, headers));
    JsonNode first = Json.mapper().readTree(user.socket.text());
    assertEquals("control", first.get("type").textValue());
    assertEquals("connected", first.get("status").textValue(), first::toString);
    return user;
  }

  /** The token that carries variables. */
  static String environment(String json) {
    return "X-Daytona-Pty-Envs~"
        + Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(json.getBytes(StandardCharsets.UTF_8));
  }

  ToolboxSocket socket() {
    return socket;
  }

  /** Types text. */
  TerminalUser type(String text) {
    socket.send(text);
    return this;
  }

  /** Waits until the screen has shown a text since it was last waited for; forgets it all. */
  String await(String text) throws InterruptedException {
    while (true) {
      String all = seen.toString(StandardCharsets.UTF_8);
      if (all.contains(text)) {
        seen.reset();
        return all;
      }
      try {
        next();
      } catch (AssertionError e) {
        throw new AssertionError("expected " + text + " after: " + all, e);
      }
      assertTrue(closed == null, () -> "closed with " + closed + " after: " + all);
    }
  }

  /** What came until the server closed. */
  String awaitClose() throws InterruptedException {
    while (closed == null) {
      next();
    }
    String all = seen.toString(StandardCharsets.UTF_8);
    seen.reset();
    return all;
  }

  /** How the server closed. */
  Event.Closed closed() throws InterruptedException {
    awaitClose();
    return Objects.requireNonNull(closed);
  }

  /** The reason of the close as JSON. */
  JsonNode reason() throws Exception {
    return Json.mapper().readTree(closed().reason());
  }

  /** The control messages after the first. */
  List<JsonNode> controls() {
    return controls;
  }

  private void next() throws InterruptedException {
    switch (socket.next()) {
      case Event.Binary(byte[] bytes) -> {
        assertTrue(bytes.length <= 32 << 10, "a message of " + bytes.length + " bytes");
        seen.writeBytes(bytes);
      }
      case Event.Text(String text) -> control(text);
      case Event.Closed end -> closed = end;
      case Event.Pong pong -> {}
      case Event.Broken(Throwable cause) -> throw new AssertionError("the socket broke", cause);
    }
  }

  private void control(String text) {
    try {
      controls.add(Json.mapper().readTree(text));
    } catch (IOException e) {
      throw new AssertionError("a text message that is not JSON: " + text, e);
    }
  }

  @Override
  public void close() {
    socket.close();
  }
}
