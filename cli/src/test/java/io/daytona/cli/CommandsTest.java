package io.daytona.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import io.daytona.cli.terminal.Terminal;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Command lines whose end is known before a sandbox is asked; the others are tests/inventory. */
class CommandsTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int run(String url, String... words) throws InterruptedException {
    Map<String, String> environment = Map.of("DAYTONA_API_URL", url, "DAYTONA_API_KEY", "secret");
    Terminal terminal =
        new Terminal(environment, InputStream.nullInputStream(), true, out, err, "1.2.3");
    return new Commands(terminal).run(List.of(words));
  }

  private String told() {
    return err.toString(StandardCharsets.UTF_8);
  }

  private String shown() {
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void withoutACommandAllAreListed() throws Exception {
    assertEquals(0, run("http://unused"));
    assertTrue(shown().contains("  exec      runs a program in a sandbox\n"), shown());
  }

  @ParameterizedTest
  @CsvSource({"exec --help", "exec -h", "help exec", "exec s --help -- true"})
  void aCommandIsDescribed(String line) throws Exception {
    assertEquals(0, run("http://unused", line.split(" ", -1)));
    assertTrue(shown().contains("daytona exec NAME [OPTION]... -- COMMAND"), shown());
    assertTrue(shown().contains("--timeout"), shown());
    assertTrue(shown().contains("Exit status"), shown());
  }

  @Test
  void theVersionIsShown() throws Exception {
    assertEquals(0, run("http://unused", "--version"));
    assertEquals("daytona 1.2.3\n", shown());
  }

  @ParameterizedTest
  @CsvSource({
    "2, bogus, unknown command bogus",
    "2, help bogus, unknown command bogus",
    "125, exec, which sandbox?",
    "125, exec s, which command?",
    "125, exec s --, which command?",
    "125, exec s ls -l, there is no option -l",
    "125, exec s --tim 3 -- ls, there is no option --tim",
    "125, exec s --cwd, cwd",
    "125, exec s --timeout 1.5 -- ls, --timeout: 1.5 is no whole number",
    "125, exec s --timeout -1 -- ls, --timeout: -1 is no whole number",
    "125, exec s --env A -- ls, --env: KEY=VALUE is needed",
    "125, exec s --env 1A=b -- ls, --env: KEY=VALUE is needed"
  })
  void aWrongCommandLineIsExplained(int status, String line, String cause) throws Exception {
    assertEquals(status, run("http://unused", line.split(" ", -1)));
    assertTrue(told().startsWith("error: "), told());
    assertTrue(told().lines().findFirst().orElseThrow().contains(cause), told());
    assertTrue(told().contains("help"), told());
    assertEquals("", shown());
  }

  @Test
  void anApiThatIsNotThereIsNamed() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    assertEquals(125, run("http://127.0.0.1:" + port + "/api", "exec", "s", "--", "true"));
    assertTrue(told().contains("cannot reach http://127.0.0.1:" + port + "/api"), told());
    assertTrue(told().contains("./daytona status"), told());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "401 | {\"message\":\"Invalid credentials\"} | the API key was refused: Invalid credentials",
        "403 | {\"message\":[\"one\",\"two\"]} | the API key may not do this: one, two",
        "404 | {\"message\":\"x\"} | there is no sandbox a/b",
        "503 | {\"message\":\"full\"} | the platform is busy: full",
        "500 | <html> | the platform answered 500",
        "200 | <html> | the API's answer has no id",
        "200 | {\"id\":\"i\",\"name\":\"n\",\"state\":\"stopped\",\"toolboxProxyUrl\":\"http://x\"}"
            + " | the sandbox n is not started, it is stopped",
      })
  void whatTheApiAnswersIsToldWithARemedy(int status, String body, String cause) throws Exception {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/api/sandbox/",
        exchange -> {
          assertEquals("/api/sandbox/a%2Fb", exchange.getRequestURI().getRawPath());
          byte[] reply = body.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(status, reply.length);
          exchange.getResponseBody().write(reply);
          exchange.close();
        });
    server.start();
    try {
      String url = "http://127.0.0.1:" + server.getAddress().getPort() + "/api/";
      assertEquals(125, run(url, "exec", "a/b", "--", "true"));
    } finally {
      server.stop(0);
    }
    assertEquals("error: " + cause, told().lines().findFirst().orElseThrow());
    assertFalse(told().contains("secret"), told());
  }
}
