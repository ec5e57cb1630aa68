package io.daytona.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.control.ControlConfig;
import io.daytona.http.HttpConfig;
import io.daytona.http.Limiter;
import io.daytona.http.limit.RateLimit;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConfigurationTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int run(Map<String, String> environment, String... arguments)
      throws InterruptedException {
    return Main.run(
        List.of(arguments),
        environment,
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8));
  }

  private static Configuration configuration(Map<String, String> environment) {
    return Configuration.of(Configuration.settings(environment, null, null), 4711);
  }

  @Test
  void fallbacksAreTheRecordsOwnDefaults() {
    Configuration configuration = configuration(Map.of());
    assertEquals(HttpConfig.defaults(), configuration.http());
    ControlConfig control = ControlConfig.defaults();
    assertEquals(control.defaultSnapshot(), configuration.control().defaultSnapshot());
    assertEquals(control.createQueue(), configuration.control().createQueue());
    assertEquals(Path.of("/var/lib/daytona"), configuration.runner().dataDirectory());
  }

  @Test
  void thePortListenedOnIsTheProxyDomains() {
    assertEquals("proxy.localhost:4711", configuration(Map.of()).control().proxyDomain());
    assertEquals(
        "box.example.org:4711",
        configuration(Map.of("DAYTONA_SERVER_PROXY_DOMAIN", "box.example.org:0"))
            .control()
            .proxyDomain());
    assertEquals(
        "box.example.org",
        configuration(Map.of("DAYTONA_SERVER_PROXY_DOMAIN", "box.example.org"))
            .control()
            .proxyDomain());
  }

  @Test
  void theRunnerWorksInTheDataDirectory() {
    assertEquals(
        Path.of("/data"),
        configuration(Map.of("DAYTONA_SERVER_DATA_DIR", "/data")).runner().dataDirectory());
  }

  @Test
  void everyKeyOfTheLauncherIsKnown(@TempDir Path directory) throws Exception {
    Path file =
        Files.writeString(
            directory.resolve("server.conf"),
            """
            DAYTONA_SERVER_DATA_DIR=/data
            DAYTONA_SERVER_API_PORT=0
            DAYTONA_SERVER_PROXY_PORT=0
            DAYTONA_SERVER_BIND=127.0.0.1
            DAYTONA_SERVER_PUBLIC_URL=
            DAYTONA_SERVER_PROXY_DOMAIN=
            DAYTONA_SERVER_ADMIN_API_KEY=dtn_secretsecret
            DAYTONA_SERVER_NETWORK_APT_MIRROR=http://mirror
            DAYTONA_SERVER_NETWORK_PIP_INDEX_URL=http://pip
            DAYTONA_SERVER_NETWORK_NPM_REGISTRY=http://npm
            DAYTONA_SERVER_NETWORK_HTTP_PROXY=http://user:word@proxy:3128
            DAYTONA_SERVER_NETWORK_HTTPS_PROXY=
            DAYTONA_SERVER_NETWORK_NO_PROXY=localhost
            DAYTONA_SERVER_NETWORK_CA_FILE=/etc/ca.pem
            """);
    int status = run(Map.of(), "--config", file.toString(), "--print-config");
    String printed = out.toString(StandardCharsets.UTF_8);
    assertEquals(0, status, err.toString(StandardCharsets.UTF_8));
    assertTrue(printed.contains("DAYTONA_SERVER_NETWORK_CA_FILE=/etc/ca.pem"), printed);
    assertFalse(printed.contains("secretsecret"), printed);
    assertFalse(printed.contains("user:word"), printed);
  }

  @Test
  void mistakesEndWithASentenceAndStatusTwo() throws Exception {
    assertEquals(2, run(Map.of("DAYTONA_SERVER_API_PROT", "1"), "--print-config"));
    assertTrue(
        err.toString(StandardCharsets.UTF_8)
            .contains("nearest known one is DAYTONA_SERVER_API_PORT"));
    assertEquals(2, run(Map.of("DAYTONA_SERVER_API_PORT", "70000"), "--print-config"));
    assertEquals(2, run(Map.of(), "--frobnicate"));
    assertEquals(2, run(Map.of(), "--config"));
  }

  @Test
  void aRateLimitNeedsItsWindow() throws Exception {
    Map<String, String> half = Map.of("DAYTONA_SERVER_RATE_LIMIT_SANDBOX_CREATE_LIMIT", "300");
    assertEquals(2, run(half, "--print-config"));
    assertTrue(
        err.toString(StandardCharsets.UTF_8)
            .contains("but not DAYTONA_SERVER_RATE_LIMIT_SANDBOX_CREATE_TTL;"),
        err.toString(StandardCharsets.UTF_8));
    assertEquals(
        Map.of(Limiter.SANDBOX_CREATE, new RateLimit(300, 60)),
        configuration(
                Map.of(
                    "DAYTONA_SERVER_RATE_LIMIT_SANDBOX_CREATE_LIMIT", "300",
                    "DAYTONA_SERVER_RATE_LIMIT_SANDBOX_CREATE_TTL", "60"))
            .rateLimits()
            .limits());
  }

  @Test
  void oldClientsVariableIsLeftAlone() throws Exception {
    assertEquals(0, run(Map.of("DAYTONA_SERVER_URL", "http://x"), "--print-config"));
  }
}
