package io.daytona.toolbox.terminal;

import static io.daytona.toolbox.Replies.ok;
import static io.daytona.toolbox.terminal.TerminalUser.EXIT_CONTROL;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.toolbox.RealAgent;
import io.daytona.toolbox.ToolboxServer;
import io.daytona.toolbox.ToolboxSocket;
import io.daytona.toolbox.ToolboxSocket.Event;
import java.net.http.WebSocketHandshakeException;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes over the WebSockets of terminals (toolbox protocol §4.2–4.4). */
@Timeout(120)
@ParameterizedClass
@ValueSource(strings = {"root", "nobody"})
@Tag("slow")
class TerminalSocketTest {
  private final String userName;
  private final ToolboxServer server;

  TerminalSocketTest(String userName) throws Exception {
    this.userName = userName;
    this.server = ToolboxServer.start(RealAgent.start(), userName, "/tmp", TerminalUser.BASE);
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  @Test
  void createsAndConnectsInOneRoundTrip() throws Exception {
    String path = "/process/pty/create-connect?id=one&cols=123&rows=45&cwd=%2Fusr";
    String envs = TerminalUser.environment("{\"GREETING\":\"hällo\",\"EMPTY\":\"\"}");
    try (TerminalUser user = TerminalUser.open(server, path, List.of(EXIT_CONTROL, envs))) {
      assertEquals(EXIT_CONTROL, user.socket().subprotocol());
      user.type(
          "pwd; stty size; tty; echo \"$GREETING-$TERM-$FROM_BASE-${EMPTY-unset}-\"; id -un\n");
      String screen = user.await("\n" + userName + "\r\n");
      assertTrue(screen.contains("/usr\r\n45 123\r\n/dev/pts/"), screen);
      assertTrue(screen.contains("hällo-xterm-256color-base--\r\n"), screen);
      JsonNode info = ok(server.get("/process/pty/one"));
      assertEquals(123, info.get("cols").intValue());
      assertEquals("hällo", info.get("envs").get("GREETING").textValue());
    }
  }

  @Test
  void theFirstClientMissesNothing() throws Exception {
    String envs = TerminalUser.environment("{\"PROMPT_COMMAND\":\"echo first-$((20+22))\"}");
    String path = "/process/pty/create-connect?id=first";
    try (TerminalUser user = TerminalUser.open(server, path, List.of(envs))) {
      assertEquals(envs, user.socket().subprotocol());
      String screen = user.await("first-42\r\n");
      assertTrue(screen.startsWith("first-42\r\n"), screen);
    }
  }

  @Test
  void aLazyOneStartsWithItsFirstClient() throws Exception {
    server.post("/process/pty", "{\"id\":\"lazy\",\"lazyStart\":true}");
    assertFalse(ok(server.get("/process/pty/lazy")).get("active").booleanValue());
    try (TerminalUser user = TerminalUser.connect(server, "lazy")) {
      user.type("echo is-$((40+2))\n").await("is-42");
      JsonNode info = ok(server.get("/process/pty/lazy"));
      assertTrue(info.get("active").booleanValue());
      assertTrue(info.get("lazyStart").booleanValue());
    }
  }

  @Test
  void aLazyOneThatCannotStartIsRefusedBeforeTheUpgrade() throws Exception {
    server.post("/process/pty", "{\"id\":\"lazy\",\"cwd\":\"/no/such\",\"lazyStart\":true}");
    assertEquals(400, refused("/process/pty/lazy/connect"));
    assertFalse(ok(server.get("/process/pty/lazy")).get("active").booleanValue());
  }

  @ParameterizedTest
  @CsvSource({
    "exit 0, 1000, 0, ",
    "exit 3, 1011, 3, non-zero exit",
    "exit 128, 1011, 128, non-zero exit",
    "exit 130, 1011, 130, Ctrl+C",
    "exit 131, 1011, 131, signal 3",
    "exit 137, 1011, 137, SIGKILL",
    "exit 143, 1011, 143, SIGTERM",
    "kill -9 $$, 1011, -1, non-zero exit",
  })
  void tellsHowItEnded(String command, int code, int exitCode, String exitReason) throws Exception {
    try (TerminalUser told = TerminalUser.create(server, "exit");
        TerminalUser untold = TerminalUser.open(server, "/process/pty/exit/connect", List.of())) {
      assertEquals("", untold.socket().subprotocol());
      told.type("printf 'before%s\\n' -the-end; " + command + "\n");
      for (TerminalUser user : List.of(told, untold)) {
        String screen = user.awaitClose();
        assertTrue(screen.contains("before-the-end"), screen);
        assertEquals(code, user.closed().code());
        assertEquals(exitCode, user.reason().get("exitCode").intValue());
        assertEquals(exitReason, user.reason().path("exitReason").textValue());
        assertEquals(exitReason == null, !user.reason().has("exitReason"));
      }
      assertEquals(List.of(), untold.controls());
      assertEquals(1, told.controls().size());
      JsonNode control = told.controls().getFirst();
      assertEquals("control", control.get("type").textValue());
      assertEquals("exited", control.get("status").textValue());
      assertEquals(exitCode, control.get("exitCode").intValue());
      assertEquals(exitReason, control.path("exitReason").textValue());
      assertEquals(0, ok(server.get("/process/pty")).get("sessions").size());
    }
    awaitNoProcesses();
    TerminalUser.create(server, "exit").close();
  }

  @Test
  void allOutputComesBeforeTheEnd() throws Exception {
    try (TerminalUser user = TerminalUser.create(server, "all")) {
      user.type("stty -echo; seq -f 'line %.0f' 20000; exit\n");
      String screen = user.awaitClose();
      assertEquals(1000, user.closed().code());
      for (int line : new int[] {1, 9_999, 20_000}) {
        assertTrue(screen.contains("line " + line + "\r\n"), "line " + line);
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "a X-Daytona-Pty-Exit-Control X-Daytona-SDK-Version~0.190.0|X-Daytona-SDK-Version~0.190.0",
        "a X-Daytona-Pty-Exit-Control b|X-Daytona-Pty-Exit-Control",
        "a b|a"
      })
  void choosesOneOfTheOfferedSubprotocols(String offered, String chosen) throws Exception {
    List<String> tokens = List.of(offered.split(" ", -1));
    String create = "/process/pty/create-connect?id=sub";
    for (String path : List.of(create, "/process/pty/sub/connect")) {
      try (TerminalUser user = TerminalUser.open(server, path, tokens)) {
        assertEquals(chosen, user.socket().subprotocol());
      }
    }
    try (ToolboxSocket none = server.socket("/process/pty/none/connect", tokens)) {
      assertEquals(chosen, none.subprotocol());
    }
  }

  @Test
  void anUnknownOneIsSaidByAControlMessage() throws Exception {
    String sentence = "Failed to connect to PTY session: PTY session none not found";
    try (ToolboxSocket socket = server.socket("/process/pty/none/connect")) {
      assertEquals(
          "{\"type\":\"control\",\"status\":\"error\",\"error\":\"" + sentence + "\"}",
          socket.text());
      assertEquals(new Event.Closed(1011, sentence), socket.next());
    }
  }

  @ParameterizedTest
  @CsvSource({
    "409, id=taken",
    "400, cols=80&rows=24",
    "400, id=",
    "400, id=x&cols=1001",
    "400, id=x&rows=1001",
    "400, id=x&rows=many",
    "400, id=x&cols=-1",
    "400, id=x&cols=99999999999",
    "400, id=x&cwd=/no/such",
  })
  void failuresComeBeforeTheUpgrade(int status, String query) throws Exception {
    TerminalUser.create(server, "taken").close();
    assertEquals(status, refused("/process/pty/create-connect?" + query));
    assertEquals(1, ok(server.get("/process/pty")).get("sessions").size());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "X-Daytona-Pty-Envs~!",
        "X-Daytona-Pty-Envs~",
        "X-Daytona-Pty-Envs~e30x",
        "X-Daytona-Pty-Envs~W10",
        "X-Daytona-Pty-Envs~eyJBIjoxfQ",
        "X-Daytona-Pty-Envs~eyIxQSI6IngifQ",
      })
  void malformedEnvironmentsAreRefused(String token) {
    assertEquals(400, refused("/process/pty/create-connect?id=x", token));
  }

  @Test
  void survivesAnEarlyDisconnect() throws Exception {
    server.socket("/process/pty/create-connect?id=early").vanish();
    JsonNode sessions = ok(server.get("/process/pty")).get("sessions");
    assertEquals("early", sessions.get(0).get("id").textValue());
    try (TerminalUser user = TerminalUser.connect(server, "early")) {
      user.type("echo here-$((1+1))\n").await("here-2");
    }
    assertEquals(1, ok(server.get("/process/pty")).get("sessions").size());
  }

  @Test
  void whatAClientTypedBeforeItLeftIsTyped() throws Exception {
    try (TerminalUser other = TerminalUser.create(server, "left")) {
      TerminalUser user = TerminalUser.connect(server, "left");
      user.type("echo typed-$((2+2))\n").socket().close(1000, "");
      other.await("typed-4");
    }
  }

  @Test
  void everyClientSeesEverythingFromNowOn() throws Exception {
    try (TerminalUser one = TerminalUser.create(server, "two")) {
      one.type("echo earlier-$((1+0))\n").await("earlier-1");
      try (TerminalUser two = TerminalUser.connect(server, "two")) {
        two.type("echo from-two-$((1+1))\n");
        assertFalse(two.await("from-two-2").contains("earlier"));
        one.await("from-two-2");
        one.type("echo from-one-$((0+1))\n");
        one.await("from-one-1");
        two.await("from-one-1");
      }
      one.type("echo alone-$((5+5))\n").await("alone-10");
    }
  }

  @Test
  void historyIsReplayedOnRequest() throws Exception {
    try (TerminalUser one = TerminalUser.create(server, "old")) {
      one.type("stty -echo; seq -f 'line %.0f ü' 500; echo done-$((1+1))\n").await("done-2");
      String path = "/process/pty/old/connect?history=";
      try (TerminalUser all = TerminalUser.open(server, path + "1000000", List.of())) {
        assertTrue(all.await("done-2").contains("line 1 ü\r\n"));
      }
      for (int bytes = 101; bytes < 109; bytes++) {
        try (TerminalUser some = TerminalUser.open(server, path + bytes, List.of())) {
          String screen = some.await("done-2");
          assertTrue(screen.length() <= bytes, screen);
          assertFalse(screen.contains("\uFFFD"), screen);
        }
      }
    }
    for (String bad : List.of("-1", "x", "1e3", "99999999999999999999")) {
      assertEquals(400, refused("/process/pty/old/connect?history=" + bad));
    }
  }

  @Test
  void aProgramRedrawsForAClientThatAsksForHistory() throws Exception {
    try (TerminalUser one = TerminalUser.create(server, "draw")) {
      one.type("trap 'echo redrawn-$((3+3)) $(stty size)' WINCH; echo ready-$((1+1))\n");
      one.await("ready-2");
      String path = "/process/pty/draw/connect?history=0";
      try (TerminalUser again = TerminalUser.open(server, path, List.of())) {
        again.await("redrawn-6 24 80");
      }
    }
  }

  @Test
  void theForegroundProgramHearsOfANewSize() throws Exception {
    try (TerminalUser user = TerminalUser.create(server, "size")) {
      user.type(
          "bash -c 'trap \"stty size\" WINCH; echo up-$((1+1)); while :; do read -t 1; done'\n");
      user.await("up-2");
      server.post("/process/pty/size/resize", "{\"cols\":132,\"rows\":43}");
      user.await("43 132\r\n");
    }
  }

  @Test
  void controlCInterruptsTheForegroundProgram() throws Exception {
    try (TerminalUser user = TerminalUser.create(server, "interrupt")) {
      // What says that it is up must itself be in the foreground.
      user.type("sh -c 'echo up-$((1+1)); exec sleep 1000'\n").await("up-2");
      user.socket().send(new byte[] {3});
      user.type("echo status-$?\n").await("status-130");
    }
  }

  @Test
  void bytesAndCharactersComeThrough() throws Exception {
    try (TerminalUser user = TerminalUser.create(server, "utf")) {
      user.type("stty raw -echo; echo up-$((1+1)); cat | od -An -tx1 -w16 -v\n").await("up-2");
      user.type("grüße €𝄞");
      byte[] bytes = new byte[256];
      for (int i = 0; i < bytes.length; i++) {
        bytes[i] = (byte) i;
      }
      user.socket().send(bytes);
      String rows = user.await(" e1 e2 e3 e4 e5 e6 e7 e8 e9 ea eb ec ed ee ef f0");
      assertTrue(rows.contains(" 67 72 c3 bc c3 9f 65 20 e2 82 ac f0 9d 84 9e 00\n"), rows);
    }
  }

  @Test
  void interactiveReadWorks() throws Exception {
    try (TerminalUser user = TerminalUser.create(server, "read")) {
      user.type("read -p \"name $((1+1)): \" n; echo \"hello $n!\"\n").await("name 2: ");
      user.type("Ada\n").await("hello Ada!");
    }
  }

  @Test
  void largeMessagesCloseTheSocketOnly() throws Exception {
    try (TerminalUser user = TerminalUser.create(server, "large")) {
      user.type("stty raw -echo; echo up-$((1+1)); cat > /dev/null\n").await("up-2");
      user.socket().send(new byte[64 << 10]);
      user.socket().send(new byte[(64 << 10) + 1]);
      assertEquals(1009, user.closed().code());
    }
    assertEquals(1, ok(server.get("/process/pty")).get("sessions").size());
  }

  @Test
  void inputWaitsForAProgramThatDoesNotRead() throws Exception {
    try (TerminalUser user = TerminalUser.create(server, "slow")) {
      user.type("stty raw -echo; echo up-$((1+1)); sleep 2; head -c 3000000 | wc -c\n");
      user.await("up-2");
      byte[] piece = new byte[50_000];
      for (int sent = 0; sent < 3_000_000; sent += piece.length) {
        user.socket().send(piece);
      }
      user.await("3000000");
    }
  }

  @Test
  void aClientThatLeavesAProgramThatDoesNotReadIsLetGo() throws Exception {
    TerminalUser user = TerminalUser.create(server, "stuck");
    user.type("stty raw -echo; echo up-$((1+1)); sleep 1000\n").await("up-2");
    for (int i = 0; i < 40; i++) {
      user.socket().send(new byte[60_000]);
    }
    user.close();
    try (TerminalUser other = TerminalUser.connect(server, "stuck")) {
      ok(server.send(server.request("/process/pty/stuck").DELETE()));
      assertEquals(137, other.reason().get("exitCode").intValue());
    }
    awaitNoProcesses();
  }

  @Test
  void pingsAreAnsweredWhileOutputStreams() throws Exception {
    try (TerminalUser user = TerminalUser.create(server, "ping")) {
      user.type("yes\n").await("y\r\ny\r\n");
      user.socket().ping();
      Event event = user.socket().next();
      while (!(event instanceof Event.Pong)) {
        assertInstanceOf(Event.Binary.class, event);
        event = user.socket().next();
      }
      user.socket().send(new byte[] {3});
      user.await("^C");
    }
  }

  @Test
  void rubyGetsTimeBeforeTheFirstMessage() throws Exception {
    String path = "/process/pty/create-connect?id=ruby";
    try (TerminalUser user =
        TerminalUser.open(server, path, List.of(EXIT_CONTROL), "X-Daytona-Source", "sdk-ruby")) {
      user.type("echo ruby-$((1+1))\n").await("ruby-2");
    }
  }

  @Test
  void theEndOfTheSandboxIsSaid() throws Exception {
    try (TerminalUser user = TerminalUser.create(server, "lost")) {
      server.agent().kill();
      assertEquals(new Event.Closed(1011, "the connection to the sandbox was lost"), user.closed());
    }
  }

  private int refused(String path, String... offered) {
    CompletionException e =
        assertThrows(
            CompletionException.class, () -> server.socket(path, List.of(offered)).close());
    WebSocketHandshakeException handshake =
        assertInstanceOf(WebSocketHandshakeException.class, e.getCause());
    return handshake.getResponse().statusCode();
  }

  /** Output is kept until the last client has it; then it goes with the process's record. */
  private void awaitNoProcesses() {
    while (!server.client().processes().isEmpty()) {
      Thread.onSpinWait();
    }
  }
}
