package io.daytona.toolbox;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.daytona.http.Access;
import io.daytona.http.EndpointTable;
import io.daytona.http.HttpConfig;
import io.daytona.http.HttpServer;
import io.daytona.http.SocketEndpoint;
import io.daytona.toolbox.error.ToolboxErrors;
import java.net.URI;
import java.net.http.HttpClient;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Versions of client libraries (toolbox protocol §1.5). */
class ClientVersionTest {
  @ParameterizedTest
  @CsvSource({
    "0.200.9, true",
    "0.201.0, false",
    "v0.201.0, false",
    "0.201.0a1, true",
    "0.201.0-rc.1, true",
    "0.201.1a1, false",
    "1.0.0, false",
    "0.27.0, true",
    "0.201.0+build, false",
  })
  void areCompared(String text, boolean before) {
    assertEquals(before, ClientVersion.parse(text).orElseThrow().isBefore(0, 201, 0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"dev", "0.0.0-dev", "v0.0.0-dev", "", "1", "1.2", "x.y.z", "1.2.3.4"})
  void developmentAndNonsenseAreNone(String text) {
    assertEquals(true, ClientVersion.parse(text).isEmpty());
  }

  @Test
  void socketsOfBrowsersCarryItAsASubprotocol() throws Exception {
    SocketEndpoint version =
        new SocketEndpoint(
            "/version",
            "version",
            "Tells the version.",
            Access.PUBLIC,
            call -> {
              String seen =
                  ClientVersion.of(call).map(v -> v.isBefore(0, 201, 0) + "").orElse("none");
              return socket -> socket.send(seen);
            });
    try (HttpClient http = HttpClient.newHttpClient();
        HttpServer server =
            HttpServer.builder(HttpConfig.defaults())
                .mount(
                    "",
                    new EndpointTable(List.of(), List.of(version)),
                    (call, route) -> "anybody",
                    new ToolboxErrors())
                .start()) {
      URI uri = URI.create("http://127.0.0.1:" + server.port() + "/version");
      String token = "X-Daytona-SDK-Version~0.200.0";
      assertEquals("true", ToolboxSocket.open(http, uri, List.of("other", token)).text());
      assertEquals(
          "false",
          ToolboxSocket.open(http, uri, List.of(token), "X-Daytona-SDK-Version", "v0.205.1")
              .text());
      assertEquals("none", ToolboxSocket.open(http, uri, List.of("other")).text());
    }
  }
}
