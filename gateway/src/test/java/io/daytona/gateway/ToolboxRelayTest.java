package io.daytona.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import io.daytona.http.Access;
import io.daytona.http.Authenticator;
import io.daytona.http.Endpoint;
import io.daytona.http.EndpointTable;
import io.daytona.http.HttpConfig;
import io.daytona.http.HttpServer;
import io.daytona.http.Method;
import io.daytona.wire.access.Credentials;
import io.daytona.wire.access.SandboxGate;
import io.daytona.wire.access.SignedFileRequest;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ToolboxRelayTest {
  private static final String ID = "0b6f2b1e-7b7a-4b7e-9a56-5d6f5b8f0001";

  /** Knows {@code writer} and {@code reader}, as the API would. */
  private static final Authenticator API =
      (call, route) -> {
        String key = call.header("Authorization").orElse("");
        if (!key.equals("Bearer writer") && !key.equals("Bearer reader")) {
          throw DaytonaException.of(ErrorKind.UNAUTHORIZED, "Invalid credentials");
        }
        if (key.equals("Bearer reader")
            && route.access().equals(Access.permission("write:sandboxes"))) {
          throw DaytonaException.of(ErrorKind.FORBIDDEN, "Access denied");
        }
        return key;
      };

  private final BlockingQueue<String> touched = new LinkedBlockingQueue<>();
  private final ToolboxRelay relay =
      new ToolboxRelay(
          new Gate(),
          API,
          EndpointTable.of(table()),
          (error, method, uri) -> Map.of("message", error.sentence()));
  private final HttpServer server =
      relay
          .attach(
              HttpServer.builder(HttpConfig.defaults())
                  .mount(
                      "/api",
                      List.of(text("/sandbox", "sandboxes")),
                      API,
                      (error, method, uri) -> Map.of("error", "api")))
          .start();
  private final HttpClient client = HttpClient.newHttpClient();

  @AfterEach
  void stop() {
    server.close();
    relay.close();
    client.close();
  }

  private final class Gate implements SandboxGate {
    @Override
    public ToolboxTarget authorize(String sandbox, Credentials credentials) {
      if (!sandbox.equals(ID) || !"writer".equals(credentials.bearer())) {
        throw DaytonaException.notFound("Sandbox with ID or name " + sandbox + " not found");
      }
      return new ToolboxTarget(ID, "org");
    }

    @Override
    public ToolboxTarget authorizeSigned(String sandbox, SignedFileRequest request) {
      return new ToolboxTarget(ID, "org");
    }

    @Override
    public void touch(String sandboxId) {
      touched.add(sandboxId);
    }
  }

  private static Endpoint<Void, String> text(String path, String reply) {
    return Endpoint.get(path, reply, "For a test.", Access.MEMBER, String.class, call -> reply);
  }

  private static List<Endpoint<?, ?>> table() {
    return List.of(
        text("/files", "files"),
        text("/files/download", "download"),
        text("/lsp/workspacesymbols", "symbols"),
        Endpoint.get(
            "/seen/{what}",
            "seen",
            "Tells what arrived.",
            Access.PUBLIC,
            String.class,
            call ->
                call.principal(SandboxGate.ToolboxTarget.class).sandboxId()
                    + " "
                    + call.path("what")
                    + " "
                    + call.header("Authorization").orElse("-")),
        new Endpoint<>(
            Method.ANY,
            "/proxy/{port}/{path...}",
            "proxy",
            "Tells the rest of the path.",
            Access.MEMBER,
            InputStream.class,
            String.class,
            200,
            call -> call.method() + " " + call.rest()));
  }

  private HttpResponse<String> send(String method, String path, String key) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path))
            .method(method, HttpRequest.BodyPublishers.noBody())
            .header("Authorization", "Bearer " + key)
            .build(),
        BodyHandlers.ofString());
  }

  private String get(String path) throws Exception {
    return send("GET", "/api/toolbox/" + ID + "/toolbox" + path, "writer").body();
  }

  @Test
  void servesTheToolboxsOwnRows() throws Exception {
    assertEquals("\"files\"", get("/files"));
    assertEquals("\"" + ID + " a/b -\"", get("/seen/a%2Fb"));
    assertEquals(ID, touched.poll(5, TimeUnit.SECONDS));
  }

  @Test
  void oldSpellingsAreTheSameRows() throws Exception {
    assertEquals("\"symbols\"", get("/lsp/workspace-symbols"));
    assertEquals("\"symbols\"", get("/lsp/workspacesymbols"));
  }

  @Test
  void theRestOfAPathComesAsItWasSent() throws Exception {
    assertEquals("\"GET a%2Fb//c;d\"", get("/proxy/80/a%2Fb//c;d?q=1"));
    assertEquals("\"GET \"", get("/proxy/80"));
    assertEquals(
        "\"LOCK x\"", send("LOCK", "/api/toolbox/" + ID + "/toolbox/proxy/80/x", "writer").body());
  }

  @Test
  void theApiDecidesWhoMayWrite() throws Exception {
    String path = "/api/toolbox/" + ID + "/toolbox/files";
    assertEquals(401, send("GET", path, "nobody").statusCode());
    assertEquals(403, send("GET", path, "reader").statusCode());
    assertEquals(404, send("GET", path.replace(ID, "other"), "writer").statusCode());
    String signed = path + "/download?path=a&expires=0&signature=v1_x";
    assertEquals(401, send("GET", signed, "nobody").statusCode(), "signatures are the gateway's");
    assertNull(touched.poll(), "a refused request is no activity");
  }

  @Test
  void unknownRowsAreNotFoundInTheToolboxsShape() throws Exception {
    HttpResponse<String> reply = send("GET", "/api/toolbox/" + ID + "/toolbox/nothing", "writer");
    assertEquals(404, reply.statusCode());
    assertEquals(
        "{\"message\":\"Cannot GET /api/toolbox/" + ID + "/toolbox/nothing\"}", reply.body());
    assertEquals("{\"error\":\"api\"}", send("GET", "/api/nothing", "writer").body());
    assertEquals("\"sandboxes\"", send("GET", "/api/sandbox", "writer").body());
  }
}
