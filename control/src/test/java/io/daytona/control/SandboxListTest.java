package io.daytona.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SandboxListTest {
  private static final List<String> NAMES = List.of("alpha", "Beta", "beta-2", "gamma", "äpfel");
  private static final List<String> SNAPSHOTS =
      List.of(
          "daytona-small", "daytona-medium", "daytona-large", "daytona-small", "daytona-medium");
  private TestPlatform platform;
  private final Map<String, String> ids = new TreeMap<>();

  @BeforeAll
  void start() {
    platform = TestPlatform.start();
    for (int i = 0; i < NAMES.size(); i++) {
      String body =
          """
          {"name": "%s", "snapshot": "%s", "public": %s, "labels": {"n": "%d", "all": "yes"}}
          """
              .formatted(NAMES.get(i), SNAPSHOTS.get(i), i % 2 == 0, i);
      ids.put(NAMES.get(i), platform.create(body));
    }
    String gone = platform.create("{\"name\": \"gone\"}");
    platform.delete("/sandbox/gone");
    platform.awaitState(gone, "destroyed");
    String id = platform.create("{\"name\": \"errored\"}");
    platform.execute(
        "UPDATE sandbox SET state = 'error', desired_state = 'destroyed' WHERE id = ?::uuid", id);
  }

  @AfterAll
  void stop() {
    platform.close();
  }

  private static List<String> names(TestPlatform.Reply reply) {
    assertEquals(200, reply.status(), reply.toString());
    List<String> names = new ArrayList<>();
    for (JsonNode item : reply.body().get("items")) {
      names.add(item.get("name").asText());
    }
    return names;
  }

  private static List<String> sorted(List<String> names) {
    return names.stream().sorted().toList();
  }

  private static String labels(String json) {
    return "labels=" + URLEncoder.encode(json, StandardCharsets.UTF_8);
  }

  @ParameterizedTest
  @CsvSource({
    "name,asc",
    "name,desc",
    "cpu,asc",
    "cpu,desc",
    "memoryGib,asc",
    "diskGib,desc",
    "createdAt,asc",
    "createdAt,desc",
    "lastActivityAt,asc",
    "lastActivityAt,desc"
  })
  void followsCursorsThroughEverySandboxOnce(String sort, String order) {
    String query = "/sandbox?sort=" + sort + "&order=" + order;
    List<String> whole = names(platform.get(query));
    assertEquals(sorted(NAMES), sorted(whole));
    List<String> walked = new ArrayList<>();
    String cursor = "";
    do {
      TestPlatform.Reply page = platform.get(query + "&limit=2&cursor=" + cursor);
      walked.addAll(names(page));
      assertTrue(page.body().has("nextCursor"));
      cursor = page.body().get("nextCursor").isNull() ? "" : page.text("nextCursor");
    } while (!cursor.isEmpty());
    assertEquals(whole, walked);
  }

  @Test
  void sortsInTheOrderAskedFor() {
    List<String> ascending = names(platform.get("/sandbox?sort=createdAt&order=asc"));
    assertEquals(NAMES, ascending);
    List<String> descending = new ArrayList<>(ascending);
    Collections.reverse(descending);
    assertEquals(descending, names(platform.get("/sandbox?sort=createdAt")));
    assertEquals(
        List.of("Beta", "alpha", "beta-2", "gamma", "äpfel"),
        names(platform.get("/sandbox?sort=name&order=asc")));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "name=BETA | Beta,beta-2",
        "name=eta | ",
        "minCpu=2 | Beta,beta-2,äpfel",
        "maxCpu=1 | alpha,gamma",
        "minMemoryGiB=4&maxMemoryGiB=4 | Beta,äpfel",
        "minDiskGiB=10 | beta-2",
        "maxDiskGiB=3 | alpha,gamma",
        "isPublic=false | Beta,gamma",
        "isRecoverable=true | ",
        "states=started&states=stopped | Beta,alpha,beta-2,gamma,äpfel",
        "states=stopped | ",
        "snapshots=daytona-large | beta-2",
        "snapshots[]=daytona-large&snapshots[]=daytona-small | alpha,beta-2,gamma",
        "regionIds=us | Beta,alpha,beta-2,gamma,äpfel",
        "regionIds=eu | ",
        "sandboxClasses=container | Beta,alpha,beta-2,gamma,äpfel",
        "sandboxClasses=windows | ",
        "createdAtAfter=2001-01-01T00:00:00Z | Beta,alpha,beta-2,gamma,äpfel",
        "createdAtBefore=2001-01-01 | ",
        "lastEventAfter=2001-01-01%2000:00:00%2B00:00 | Beta,alpha,beta-2,gamma,äpfel",
        "lastEventBefore=2001-01-01T00:00:00Z | ",
        "autoDestroyAtAfter=2001-01-01T00:00:00Z | ",
        "includeErroredDeleted=true&name=err | errored"
      })
  void filters(String query, String expected) {
    List<String> wanted = expected == null ? List.of() : sorted(List.of(expected.split(",")));
    assertEquals(wanted, sorted(names(platform.get("/sandbox?" + query.replace("[]", "%5B%5D")))));
  }

  @Test
  void filtersByBeginningOfTheId() {
    String id = java.util.Objects.requireNonNull(ids.get("gamma"));
    assertEquals(
        List.of("gamma"),
        names(
            platform.get("/sandbox?id=" + id.substring(0, 20).toUpperCase(java.util.Locale.ROOT))));
    assertEquals(List.of(), names(platform.get("/sandbox?id=" + id.substring(5))));
  }

  @Test
  void filtersByLabelsInBothLists() {
    assertEquals(List.of("beta-2"), names(platform.get("/sandbox?" + labels("{\"n\":\"2\"}"))));
    assertEquals(
        List.of("gamma"),
        names(platform.get("/sandbox/paginated?" + labels("{\"n\":\"3\",\"all\":\"yes\"}"))));
    assertEquals(List.of(), names(platform.get("/sandbox?" + labels("{\"n\":\"9\"}"))));
  }

  @Test
  void findsANewLabelRightAfterItWasPut() {
    TestPlatform.Reply put =
        platform.put("/sandbox/alpha/labels", "{\"labels\": {\"n\": \"0\", \"all\": \"yes\"}}");
    assertEquals("{\"labels\":{\"all\":\"yes\",\"n\":\"0\"}}", canonical(put.body()));
    platform.put("/sandbox/alpha/labels", "{\"labels\": {\"fresh\": \"1\"}}");
    assertEquals(List.of("alpha"), names(platform.get("/sandbox?" + labels("{\"fresh\":\"1\"}"))));
    assertEquals(List.of(), names(platform.get("/sandbox?" + labels("{\"n\":\"0\"}"))));
    platform.put("/sandbox/alpha/labels", "{\"labels\": {\"n\": \"0\", \"all\": \"yes\"}}");
  }

  private static String canonical(JsonNode node) {
    Map<String, String> labels = new TreeMap<>();
    node.get("labels")
        .properties()
        .forEach(entry -> labels.put(entry.getKey(), entry.getValue().asText()));
    StringBuilder text = new StringBuilder();
    labels.forEach((name, value) -> text.append(",\"" + name + "\":\"" + value + "\""));
    return "{\"labels\":{" + text.substring(1) + "}}";
  }

  @Test
  void numbersPages() {
    TestPlatform.Reply page = platform.get("/sandbox/paginated?limit=2&page=2&order=asc");
    assertEquals(List.of("beta-2", "gamma"), names(page));
    assertEquals(5, page.body().get("total").asInt());
    assertEquals(2, page.body().get("page").asInt());
    assertEquals(3, page.body().get("totalPages").asInt());
    assertTrue(page.body().get("items").get(0).has("env"));
    assertEquals(List.of(), names(platform.get("/sandbox/paginated?page=9")));
    assertEquals(
        List.of("Beta", "beta-2"),
        sorted(names(platform.get("/sandbox/paginated?name=ETA&sort=snapshot"))));
    for (String sort :
        List.of("id", "name", "state", "snapshot", "region", "updatedAt", "lastActivityAt")) {
      assertEquals(5, names(platform.get("/sandbox/paginated?sort=" + sort)).size(), sort);
    }
  }

  @Test
  void hidesEnvironmentsInTheCursorList() {
    JsonNode item = platform.get("/sandbox?name=alpha").body().get("items").get(0);
    assertFalse(item.has("env"));
    for (String required :
        List.of(
            "id",
            "organizationId",
            "name",
            "target",
            "user",
            "public",
            "networkBlockAll",
            "cpu",
            "gpu",
            "memory",
            "disk",
            "labels",
            "toolboxProxyUrl")) {
      assertTrue(item.has(required), required);
    }
  }

  static Stream<String> bad() {
    return Stream.of(
        "limit=0",
        "limit=201",
        "limit=ten",
        "sort=size",
        "order=up",
        "cursor=%25",
        "cursor=e30",
        "cursor=eyJzb3J0VmFsdWUiOiJ4IiwiaWQiOiJ4In0",
        "states=destroyed",
        "states=flying",
        "sandboxClasses=boat",
        "isPublic=maybe",
        "minCpu=-1",
        "createdAtAfter=yesterday",
        "createdAtAfter=%2B999999999-12-31T23:59:59-18:00",
        "createdAtBefore=-999999999-01-01T00:00:00Z",
        // A number in digits that only Java takes, and a time that PostgreSQL does not.
        "sort=cpu&cursor=" + cursor("\u0661"),
        "sort=createdAt&cursor=" + cursor("+1000000000-12-31T23:59:59Z"),
        "sort=createdAt&cursor=" + cursor("0000-01-01T00:00:00Z"),
        "labels=%7B",
        "labels=%5B1%5D",
        "labels=%7B%22a%22%3A1%7D");
  }

  private static String cursor(String value) {
    String json =
        "{\"sortValue\":\"%s\",\"id\":\"01234567-89ab-cdef-0123-456789abcdef\"}".formatted(value);
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(json.getBytes(StandardCharsets.UTF_8));
  }

  @ParameterizedTest
  @org.junit.jupiter.params.provider.MethodSource("bad")
  void refusesWhatItCannotRead(String query) {
    TestPlatform.Reply reply = platform.get("/sandbox?" + query);
    assertEquals(400, reply.status(), reply.toString());
    assertTrue(reply.text("message").length() > 10, reply.text("message"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"page=0", "limit=201", "sort=cpu", "order=up", "states=destroyed"})
  void refusesPagesItCannotRead(String query) {
    assertEquals(400, platform.get("/sandbox/paginated?" + query).status());
  }
}
