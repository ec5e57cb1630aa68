package io.daytona.http;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

class RewriteTest {
  @Test
  void routesByTheNewPathAndReportsTheOldOne() throws Exception {
    List<String> observed = new CopyOnWriteArrayList<>();
    try (HttpServer server =
            HttpServer.builder(HttpConfig.defaults())
                .rewrite((host, path) -> host.equals("127.0.0.1") ? "/deep/" + "7" + path : null)
                .mount(
                    "/deep/{tenant}",
                    new TestTable().endpoints(),
                    TestTable.BEARER,
                    TestTable.ERRORS,
                    (call, endpoint) -> {
                      observed.add("start " + endpoint.operation() + " " + call.path("tenant"));
                      return () -> observed.add("end");
                    })
                .start();
        HttpClient client = HttpClient.newHttpClient()) {
      var reply =
          client.send(
              HttpRequest.newBuilder(
                      URI.create("http://127.0.0.1:" + server.port() + "/thing/a%2Fb?q=%20"))
                  .header("Authorization", "k")
                  .build(),
              BodyHandlers.ofString());
      assertEquals(200, reply.statusCode(), reply.body());
      var seen = Json.mapper().readTree(reply.body());
      assertEquals("a/b", seen.path("id").asText());
      assertEquals("/thing/a%2Fb?q=%20", seen.path("uri").asText());
      assertEquals(" ", seen.path("query").path("q").get(0).asText());
    }
    assertEquals(List.of("start getThing 7", "end"), observed);
  }
}
