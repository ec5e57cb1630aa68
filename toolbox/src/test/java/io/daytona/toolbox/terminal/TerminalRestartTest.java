package io.daytona.toolbox.terminal;

import static io.daytona.toolbox.Replies.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.http.Json;
import io.daytona.toolbox.RealAgent;
import io.daytona.toolbox.ToolboxServer;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Terminals outlive the platform. */
@Timeout(120)
@Tag("slow")
class TerminalRestartTest {
  /** Draws its whole screen again and again, and whenever it is told of a size. */
  private static final String TOP =
      "bash -c 'trap : WINCH; n=0; while :; do n=$((n+1)); "
          + "printf \"\\033[H\\033[2Jtop %s of [%s]\\r\\n\" $n \"$(stty size)\"; "
          + "read -r -s -n 1 -t 0.2 key && [ \"$key\" = q ] && break; done'";

  @ParameterizedTest
  @ValueSource(strings = {"root", "nobody"})
  void aTerminalOutlivesThePlatform(String userName) throws Exception {
    String big = "b".repeat(10_000);
    JsonNode before;
    try (RealAgent agent = RealAgent.start()) {
      try (Platform platform = Platform.start(agent, userName)) {
        ToolboxServer first = platform.server();
        first.post(
            "/process/pty",
            Json.mapper()
                .writeValueAsString(
                    Map.of("id", "old", "cwd", "/usr", "envs", Map.of("BIG", big, "A", "1"))));
        try (TerminalUser user = TerminalUser.connect(first, "old")) {
          user.type("echo started-$((1+1)); " + TOP + "; echo left-$((3+3))\n");
          user.await("of [24 80]");
          ok(first.post("/process/pty/old/resize", "{\"cols\":100,\"rows\":30}"));
          user.await("of [30 100]");
          before = ok(first.get("/process/pty/old"));
        }
      }
      try (Platform platform = Platform.start(agent, userName)) {
        ToolboxServer second = platform.server();
        assertEquals(
            before, ok(second.get("/process/pty")).get("sessions").get(0), "as it was before");
        assertEquals(big, before.get("envs").get("BIG").textValue());
        String path = "/process/pty/old/connect";
        try (TerminalUser plain = TerminalUser.open(second, path, List.of());
            TerminalUser all = TerminalUser.open(second, path + "?history=1000000", List.of())) {
          assertTrue(all.await("of [30 100]").contains("started-2"));
          assertFalse(plain.await("of [30 100]").contains("started-2"));
          ok(second.post("/process/pty/old/resize", "{\"cols\":90,\"rows\":20}"));
          all.await("of [20 90]");
          plain.type("q").await("left-6");
          all.type("echo $A-${#BIG}; exit 3\n");
          assertTrue(all.awaitClose().contains("1-10000\r\n"));
          assertEquals(3, plain.reason().get("exitCode").intValue());
        }
        assertEquals(0, ok(second.get("/process/pty")).get("sessions").size());
      }
    }
  }

  @Test
  void anIdStaysTaken() throws Exception {
    try (RealAgent agent = RealAgent.start()) {
      try (Platform platform = Platform.start(agent, "root")) {
        platform.server().post("/process/pty", "{\"id\":\"one\"}");
      }
      try (Platform platform = Platform.start(agent, "root")) {
        ToolboxServer second = platform.server();
        assertEquals(409, second.post("/process/pty", "{\"id\":\"one\"}").statusCode());
        ok(second.send(second.request("/process/pty/one").DELETE()));
        assertEquals(201, second.post("/process/pty", "{\"id\":\"one\"}").statusCode());
      }
    }
  }

  @Test
  void aPlatformThatStopsSaysSo() throws Exception {
    try (RealAgent agent = RealAgent.start()) {
      TerminalUser user;
      try (Platform platform = Platform.start(agent, "root")) {
        user = TerminalUser.create(platform.server(), "one");
      }
      assertEquals(1001, user.closed().code());
    }
  }

  /** A platform that leaves the sandbox as it is when it ends. */
  private record Platform(ToolboxServer server) implements AutoCloseable {
    static Platform start(RealAgent agent, String userName) {
      return new Platform(ToolboxServer.start(agent, userName, "/tmp", TerminalUser.BASE));
    }

    @Override
    public void close() {
      server.closePlatform();
    }
  }
}
