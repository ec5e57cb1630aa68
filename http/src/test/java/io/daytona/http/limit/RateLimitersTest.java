package io.daytona.http.limit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.http.Access;
import io.daytona.http.Authenticator;
import io.daytona.http.Endpoint;
import io.daytona.http.EndpointTable;
import io.daytona.http.HttpConfig;
import io.daytona.http.HttpServer;
import io.daytona.http.Limiter;
import io.daytona.http.SocketEndpoint;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class RateLimitersTest {
  private static final String HERE = "127.0.0.1";
  private static final String ELSEWHERE = "127.0.0.2";
  private static final String UPGRADE = "Upgrade: websocket";
  private static final List<String> HANDSHAKE =
      List.of(
          "Connection: Upgrade",
          "Sec-WebSocket-Version: 13",
          "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==");

  private final AtomicLong nanos = new AtomicLong();
  private final AtomicInteger authentications = new AtomicInteger();
  private final RateLimiters limiters =
      new RateLimiters(
          Map.of(
              Limiter.ANONYMOUS, new RateLimit(2, 60),
              Limiter.FAILED_AUTH, new RateLimit(3, 60),
              Limiter.AUTHENTICATED, new RateLimit(2, 60),
              Limiter.SANDBOX_CREATE, new RateLimit(1, 10)),
          nanos::get);
  private final HttpServer server =
      HttpServer.builder(HttpConfig.defaults())
          .mount(
              "/api",
              new EndpointTable(endpoints(), List.of(socket())),
              limiters.around(authenticator()),
              (error, method, uri) -> error.code() + ": " + error.sentence(),
              limiters.anonymous())
          .start();

  @AfterEach
  void stop() {
    server.close();
  }

  /** A member of an organization; the one called large may ask three times. */
  record Member(String organization) implements Counted {
    @Override
    public String countedAs() {
      return organization;
    }

    @Override
    public RateLimit allowed(Limiter limiter, RateLimit configured) {
      return organization.equals("large") ? new RateLimit(3, 30) : configured;
    }
  }

  private Authenticator authenticator() {
    return (call, route) -> {
      authentications.incrementAndGet();
      return switch (call.header("Authorization").orElse("")) {
        case "service" -> "a service's key";
        case "forbidden" -> throw DaytonaException.of(ErrorKind.FORBIDDEN, "Access denied");
        case "", "wrong" ->
            throw DaytonaException.of(ErrorKind.UNAUTHORIZED, "Invalid credentials");
        case String organization -> new Member(organization);
      };
    };
  }

  private static Endpoint<Void, String> row(String path, Access access) {
    return Endpoint.get(path, path, "For a test.", access, String.class, call -> "done");
  }

  private static List<Endpoint<?, ?>> endpoints() {
    return List.of(
        row("/public", Access.PUBLIC),
        row("/health", Access.PUBLIC).uncounted(),
        row("/member", Access.MEMBER),
        row("/create", Access.MEMBER).counted(Limiter.SANDBOX_CREATE),
        row("/change", Access.MEMBER).counted(Limiter.SANDBOX_LIFECYCLE));
  }

  private static SocketEndpoint socket() {
    return new SocketEndpoint(
        "/socket", "socket", "For a test.", Access.MEMBER, call -> socket -> socket.send("hi"));
  }

  /** Status, headers by their names in lower case, and body. */
  private record Reply(int status, Map<String, String> headers, String body) {
    String header(String name) {
      return headers.getOrDefault(name.toLowerCase(Locale.ROOT), "-");
    }

    /** Limit, what remains, and seconds until the end of the window. */
    String standing(String limiter) {
      return String.join(
          " ",
          header("X-RateLimit-Limit-" + limiter),
          header("X-RateLimit-Remaining-" + limiter),
          header("X-RateLimit-Reset-" + limiter));
    }
  }

  private Reply ask(String from, String path, String... headers) throws IOException {
    try (Socket socket =
        new Socket(InetAddress.ofLiteral(HERE), server.port(), InetAddress.ofLiteral(from), 0)) {
      socket.setSoTimeout(10_000);
      boolean upgrade = List.of(headers).contains(UPGRADE);
      List<String> lines = new ArrayList<>(List.of("GET /api" + path + " HTTP/1.1", "Host: h"));
      lines.addAll(upgrade ? HANDSHAKE : List.of("Connection: close"));
      lines.addAll(List.of(headers));
      String head = String.join("\r\n", lines) + "\r\n\r\n";
      socket.getOutputStream().write(head.getBytes(ISO_8859_1));
      return upgrade
          ? reply(head(socket))
          : reply(new String(socket.getInputStream().readAllBytes(), ISO_8859_1));
    }
  }

  private static String head(Socket socket) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int read = socket.getInputStream().read();
      assertTrue(read >= 0, head.toString());
      head.append((char) read);
    }
    return head.toString();
  }

  private static Reply reply(String text) {
    int end = text.indexOf("\r\n\r\n");
    String[] lines = text.substring(0, end).split("\r\n", -1);
    Map<String, String> headers = new TreeMap<>();
    for (String line : lines) {
      int colon = line.indexOf(": ");
      if (colon > 0) {
        headers.put(line.substring(0, colon).toLowerCase(Locale.ROOT), line.substring(colon + 2));
      }
    }
    return new Reply(
        Integer.parseInt(lines[0].split(" ", -1)[1]), headers, text.substring(end + 4));
  }

  private Reply as(String organization, String path, String... headers) throws IOException {
    String[] all = Arrays.copyOf(headers, headers.length + 1);
    all[headers.length] = "Authorization: " + organization;
    return ask(HERE, path, all);
  }

  private void pass(Duration time) {
    nanos.addAndGet(time.toNanos());
  }

  @Test
  void everyReplyTellsWhereItsCallerStands() throws IOException {
    Reply first = as("a", "/member");
    assertEquals(200, first.status());
    assertEquals("2 1 60", first.standing("authenticated"));
    assertEquals("-", first.header("Retry-After"));
    pass(Duration.ofMillis(20_500));
    assertEquals("2 0 40", as("a", "/member").standing("authenticated"));
    pass(Duration.ofSeconds(9));
    Reply refused = as("a", "/member");
    assertEquals(429, refused.status());
    assertEquals("2 0 31", refused.standing("authenticated"));
    assertEquals("31", refused.header("Retry-After"));
    assertEquals("31", refused.header("Retry-After-authenticated"));
    assertEquals(
        "TOO_MANY_REQUESTS: Too many requests: the limit authenticated allows 2 in 60 seconds; try"
            + " again in 31 seconds.",
        refused.body().replace("\"", ""));
    assertEquals(200, as("b", "/member").status());
    pass(Duration.ofSeconds(31));
    assertEquals("2 1 60", as("a", "/member").standing("authenticated"));
  }

  @Test
  void rowsWithALimiterOfTheirOwnDoNotCountForTheOthers() throws IOException {
    assertEquals("1 0 10", as("a", "/create").standing("sandbox-create"));
    Reply refused = as("a", "/create");
    assertEquals(429, refused.status());
    assertEquals("10", refused.header("Retry-After-sandbox-create"));
    assertEquals("- - -", refused.standing("authenticated"));
    assertEquals("2 1 60", as("a", "/member").standing("authenticated"));
    for (int i = 0; i < 5; i++) {
      Reply unlimited = as("a", "/change");
      assertEquals(200, unlimited.status());
      assertFalse(unlimited.headers().keySet().toString().contains("x-ratelimit"));
    }
  }

  @Test
  void anOrganizationMayHaveLimitsOfItsOwn() throws IOException {
    for (int left : new int[] {2, 1, 0}) {
      assertEquals("3 " + left + " 30", as("large", "/member").standing("authenticated"));
    }
    assertEquals(429, as("large", "/member").status());
  }

  @Test
  void keysOfServicesAreNotCounted() throws IOException {
    for (int i = 0; i < 5; i++) {
      Reply reply = as("service", "/member");
      assertEquals(200, reply.status());
      assertEquals("- - -", reply.standing("authenticated"));
    }
  }

  @Test
  void publicRowsCountByAddressButForThoseThatNeverCount() throws IOException {
    assertEquals("2 1 60", ask(HERE, "/public").standing("anonymous"));
    assertEquals(200, as("a", "/public").status());
    assertEquals(429, ask(HERE, "/public").status());
    assertEquals(200, ask(ELSEWHERE, "/public").status());
    for (int i = 0; i < 5; i++) {
      assertEquals(200, ask(HERE, "/health").status());
    }
    assertEquals(200, as("a", "/member").status());
  }

  @Test
  void tooManyFailuresRefuseTheAddressBeforeAnythingIsLookedUp() throws IOException {
    assertEquals("3 2 60", as("wrong", "/member").standing("failed-auth"));
    assertEquals("- - -", as("a", "/member").standing("failed-auth"));
    assertEquals(403, as("forbidden", "/member").status());
    assertEquals("3 1 60", ask(HERE, "/member").standing("failed-auth"));
    Reply last = as("wrong", "/create");
    assertEquals(401, last.status());
    assertEquals("3 0 60", last.standing("failed-auth"));
    int asked = authentications.get();
    for (String who : List.of("wrong", "a", "service")) {
      Reply refused = as(who, "/member");
      assertEquals(429, refused.status());
      assertEquals("3 0 60", refused.standing("failed-auth"));
      assertEquals("60", refused.header("Retry-After-failed-auth"));
    }
    assertEquals(429, as("a", "/socket", UPGRADE).status());
    assertEquals(asked, authentications.get());
    assertEquals(200, ask(HERE, "/public").status());
    assertEquals(200, ask(ELSEWHERE, "/member", "Authorization: b").status());
    pass(Duration.ofSeconds(60));
    assertEquals(200, as("b", "/member").status());
  }

  @Test
  void anUpgradeCountsOnceAndTellsToo() throws IOException {
    Reply open = as("a", "/socket", UPGRADE);
    assertEquals(101, open.status());
    assertEquals("2 1 60", open.standing("authenticated"));
    assertEquals(200, as("a", "/member").status());
    Reply refused = as("a", "/socket", UPGRADE);
    assertEquals(429, refused.status());
    assertEquals("60", refused.header("Retry-After"));
    assertEquals("60", refused.header("Retry-After-authenticated"));
  }

  @Test
  void scriptsOfOtherOriginsMayReadTheHeaders() throws IOException {
    as("a", "/create");
    String exposed = as("a", "/create", "Origin: http://o").header("Access-Control-Expose-Headers");
    for (String name :
        List.of(
            "Retry-After",
            "Retry-After-sandbox-create",
            "X-RateLimit-Limit-sandbox-create",
            "X-RateLimit-Remaining-sandbox-create",
            "X-RateLimit-Reset-sandbox-create")) {
      assertTrue(List.of(exposed.split(", ", -1)).contains(name), exposed);
    }
    assertEquals("-", as("a", "/create").header("Access-Control-Expose-Headers"));
  }
}
