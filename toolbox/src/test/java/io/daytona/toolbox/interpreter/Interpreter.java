package io.daytona.toolbox.interpreter;

import static io.daytona.toolbox.Replies.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.http.Json;
import io.daytona.toolbox.ToolboxServer;
import io.daytona.toolbox.ToolboxSocket;
import io.daytona.toolbox.ToolboxSocket.Event;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A client of the interpreter. */
final class Interpreter {
  static final String EXECUTE = "/process/interpreter/execute";
  static final String CONTEXT = "/process/interpreter/context";

  private final ToolboxServer server;

  Interpreter(ToolboxServer server) {
    this.server = server;
  }

  /**
   * What an execution came to.
   *
   * @param frames everything received
   * @param code close code
   * @param reason close reason
   */
  record Result(List<JsonNode> frames, int code, String reason) {
    String text(String type) {
      StringBuilder all = new StringBuilder();
      frames.stream()
          .filter(frame -> frame.get("type").textValue().equals(type))
          .forEach(frame -> all.append(frame.get("text").textValue()));
      return all.toString();
    }

    String stdout() {
      return text("stdout");
    }

    String stderr() {
      return text("stderr");
    }

    JsonNode error() {
      return frames.stream()
          .filter(frame -> frame.get("type").textValue().equals("error"))
          .findFirst()
          .orElseThrow(() -> new AssertionError("no error in " + frames));
    }

    boolean hasError() {
      return frames.stream().anyMatch(frame -> frame.get("type").textValue().equals("error"));
    }

    /** Checks the orderly end. */
    Result completed() {
      assertEquals(1000, code, () -> code + " " + reason + " " + frames);
      assertEquals("completed", text("control"));
      assertEquals("control", frames.getLast().get("type").textValue());
      return this;
    }

    /** Checks another end. */
    Result closed(int expected, String why) {
      assertEquals(expected, code, () -> code + " " + reason + " " + frames);
      assertEquals(why, reason);
      assertEquals("", text("control"));
      return this;
    }
  }

  ToolboxSocket begin(String code, Map<String, ?> more) throws Exception {
    Map<String, Object> message = new HashMap<>(more);
    message.put("code", code);
    ToolboxSocket socket = server.socket(EXECUTE);
    socket.send(Json.mapper().writeValueAsString(message));
    return socket;
  }

  Result run(String code) throws Exception {
    return run(code, Map.of());
  }

  Result run(String code, Map<String, ?> more) throws Exception {
    return end(begin(code, more));
  }

  Result runIn(String context, String code) throws Exception {
    return run(code, Map.of("contextId", context));
  }

  /** Sends any message and reads to the end. */
  Result send(String message) throws Exception {
    ToolboxSocket socket = server.socket(EXECUTE);
    socket.send(message);
    return end(socket);
  }

  static Result end(ToolboxSocket socket) throws Exception {
    List<JsonNode> frames = new ArrayList<>();
    while (true) {
      switch (socket.next()) {
        case Event.Text text -> frames.add(frame(text.text()));
        case Event.Closed closed -> {
          return new Result(frames, closed.code(), closed.reason());
        }
        case Event other -> throw new AssertionError(other.toString());
      }
    }
  }

  /** A frame, which has all five keys as strings. */
  static JsonNode frame(String text) throws Exception {
    JsonNode frame = Json.mapper().readTree(text);
    assertEquals(5, frame.size(), text);
    for (String key : List.of("type", "text", "name", "value", "traceback")) {
      assertEquals(true, frame.path(key).isTextual(), text);
    }
    return frame;
  }

  String create() throws Exception {
    return ok(server.post(CONTEXT, "{}")).get("id").textValue();
  }

  JsonNode list() throws Exception {
    return ok(server.get(CONTEXT)).get("contexts");
  }
}
