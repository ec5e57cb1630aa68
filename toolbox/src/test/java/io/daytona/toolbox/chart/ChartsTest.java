package io.daytona.toolbox.chart;

import static io.daytona.toolbox.Replies.ok;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.http.Json;
import io.daytona.toolbox.ToolboxServer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Charts of {@code /process/code-run} (toolbox protocol §2.3) with this host's matplotlib. */
@Tag("slow")
@Timeout(240)
class ChartsTest {
  private static final byte[] PNG = {(byte) 0x89, 'P', 'N', 'G'};
  private static final String IMPORT = "import matplotlib.pyplot as plt\n";
  private static ToolboxServer server;

  @BeforeAll
  static void start() throws Exception {
    server = ToolboxServer.start();
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  static Stream<Arguments> charts() {
    return Stream.of(
        Arguments.of(
            "plt.plot([1, 2, 3], [1, 4, 9], label='sq')\nplt.axhline(2)\nplt.xlabel('a')\n"
                + "plt.ylabel('b')\nplt.title('T')",
            "line",
            "[{\"label\":\"sq\",\"points\":[[1.0,1.0],[2.0,4.0],[3.0,9.0]]}]"),
        Arguments.of(
            "plt.scatter([1, 2, float('nan')], [3, 4, 5], label='s')",
            "scatter",
            "[{\"label\":\"s\",\"points\":[[1.0,3.0],[2.0,4.0]]}]"),
        Arguments.of(
            "plt.bar(['x', 'y'], [1, 2.5], label='g')",
            "bar",
            "[{\"label\":\"x\",\"group\":\"g\",\"value\":\"1\"},"
                + "{\"label\":\"y\",\"group\":\"g\",\"value\":\"2.5\"}]"),
        Arguments.of(
            "plt.pie([1, 3], labels=['p', 'q'], autopct='%d')",
            "pie",
            "[{\"label\":\"p\",\"angle\":90.0,\"radius\":1.0},"
                + "{\"label\":\"q\",\"angle\":270.0,\"radius\":1.0}]"),
        Arguments.of(
            "plt.boxplot([[1, 2, 3, 4, 100]])",
            "box_and_whisker",
            "[{\"label\":\"1\",\"min\":1.0,\"first_quartile\":2.0,\"median\":3.0,"
                + "\"third_quartile\":4.0,\"max\":4.0,\"outliers\":[100.0]}]"),
        Arguments.of("plt.imshow([[1, 2], [3, 4]])\nplt.colorbar()", "unknown", "[]"),
        Arguments.of("plt.figure()", "unknown", "[]"));
  }

  @ParameterizedTest
  @MethodSource("charts")
  void everyTypeIsDescribed(String code, String type, String elements) throws Exception {
    JsonNode reply = run(IMPORT + code + "\nplt.show()\nprint('after')");
    assertEquals(0, reply.get("exitCode").intValue(), reply::toString);
    assertEquals("after\n", reply.get("result").textValue());
    JsonNode chart = only(reply);
    assertEquals(type, chart.get("type").textValue());
    assertEquals(Json.mapper().readTree(elements), chart.get("elements"));
  }

  @Test
  void labelsAndScalesAreThere() throws Exception {
    JsonNode chart =
        only(
            run(
                IMPORT
                    + "plt.plot([1, 2, 3], [1, 10, 100])\nplt.title('T')\nplt.xlabel('a')\n"
                    + "plt.ylabel('b')\nplt.yscale('log')\nplt.show()"));
    assertEquals("T", chart.get("title").textValue());
    assertEquals("a", chart.get("x_label").textValue());
    assertEquals("b", chart.get("y_label").textValue());
    assertEquals("linear", chart.get("x_scale").textValue());
    assertEquals("log", chart.get("y_scale").textValue());
    assertEquals(chart.get("x_ticks").size(), chart.get("x_tick_labels").size());
    assertTrue(chart.get("y_ticks").size() > 1);
  }

  @Test
  void aLyingBarSwapsItsLabels() throws Exception {
    JsonNode chart =
        only(run(IMPORT + "plt.barh(['x', 'y'], [1, -2])\nplt.ylabel('kind')\nplt.show()"));
    assertEquals("kind", chart.get("x_label").textValue());
    assertEquals("categorical", chart.get("x_scale").textValue());
    assertEquals("-2", chart.get("elements").get(1).get("value").textValue());
  }

  @Test
  void categoriesAreTicksWithTexts() throws Exception {
    JsonNode chart = only(run(IMPORT + "plt.plot(['x', 'y', 'z'], [1, 2, 3])\nplt.show()"));
    assertEquals("categorical", chart.get("x_scale").textValue());
    assertEquals("[0.0,1.0,2.0]", chart.get("x_ticks").toString());
    assertEquals("[\"x\",\"y\",\"z\"]", chart.get("x_tick_labels").toString());
    assertEquals(
        "[[0.0,1.0],[1.0,2.0],[2.0,3.0]]", chart.get("elements").get(0).get("points").toString());
  }

  @Test
  void datesAreSecondsSince1970() throws Exception {
    JsonNode chart =
        only(
            run(
                IMPORT
                    + "import datetime as d\n"
                    + "plt.plot([d.datetime(2024, 1, 1), d.datetime(2024, 1, 2, 12)], [1, 2])\n"
                    + "plt.show()"));
    assertEquals("datetime", chart.get("x_scale").textValue());
    assertEquals(
        "[[1.7040672E9,1.0],[1.7041968E9,2.0]]",
        chart.get("elements").get(0).get("points").toString());
    assertEquals(chart.get("x_ticks").size(), chart.get("x_tick_labels").size());
  }

  @Test
  void severalAxesAreOneChartOfParts() throws Exception {
    JsonNode chart =
        only(
            run(
                IMPORT
                    + "figure, axes = plt.subplots(1, 3)\naxes[0].plot([1, 2], [2, 3])\n"
                    + "axes[1].bar([1], [3])\naxes[1].set_title('B')\nfigure.suptitle('S')\n"
                    + "plt.show()"));
    assertEquals("composite_chart", chart.get("type").textValue());
    assertEquals("S", chart.get("title").textValue());
    assertEquals(2, chart.get("elements").size(), "empty axes are no chart");
    assertEquals("line", chart.get("elements").get(0).get("type").textValue());
    assertEquals("bar", chart.get("elements").get(1).get("type").textValue());
    assertEquals("B", chart.get("elements").get(1).get("title").textValue());
    assertFalse(chart.get("elements").get(0).has("png"));
  }

  @Test
  void chartsComeInOrderAndOnce() throws Exception {
    JsonNode reply =
        run(
            IMPORT
                + "print('one', end='')\nplt.plot([1, 2, 3])\nplt.figure()\nplt.pie([1, 2])\n"
                + "plt.show()\nplt.plot([1, 2, 3])\nplt.show()\nplt.bar([1], [2])\nplt.show()\n"
                + "print('two')");
    List<String> types = new ArrayList<>();
    reply.get("artifacts").get("charts").forEach(chart -> types.add(chart.get("type").textValue()));
    assertEquals(List.of("line", "pie", "bar"), types, "the same picture counts once");
    assertEquals("one\ntwo\n", reply.get("result").textValue());
  }

  @Test
  void savingAFigureIsNotShowingIt() throws Exception {
    JsonNode reply = run(IMPORT + "plt.plot([1, 2])\nplt.savefig('saved.png')\nprint('saved')");
    assertEquals("saved\n", reply.get("result").textValue());
    assertFalse(reply.has("artifacts"));
  }

  @Test
  void aTracebackShowsTheUsersFramesOnly() throws Exception {
    JsonNode reply = run(IMPORT + "def f():\n  plt.plot([1], [2, 3])\nf()");
    assertEquals(1, reply.get("exitCode").intValue());
    String result = reply.get("result").textValue();
    assertTrue(result.startsWith("Traceback (most recent call last):\n"), result);
    assertTrue(result.contains("File \"<target_code>\", line 4, in <module>\n    f()\n"), result);
    assertEquals(
        List.of("<target_code>", "<target_code>"),
        result
            .lines()
            .filter(line -> line.contains("File \""))
            .map(line -> line.split("\"", 3)[1])
            .toList());
  }

  @Test
  void theProgramSeesWhatItWouldWithoutCharts() throws Exception {
    Map<String, Object> body = new HashMap<>();
    body.put("language", "python");
    body.put("argv", List.of("a b"));
    body.put(
        "code",
        "import matplotlib, sys, __main__\nprint(sys.argv, __name__, __main__.sys is sys)\n"
            + "try: input()\nexcept EOFError: print('eof')\nsys.exit(5)");
    JsonNode reply = ok(server.post("/process/code-run", Json.mapper().writeValueAsString(body)));
    assertEquals(5, reply.get("exitCode").intValue());
    assertEquals("['-', 'a b'] __main__ True\neof\n", reply.get("result").textValue());
  }

  @Test
  void chartsComeWithSplitOutputToo() throws Exception {
    Map<String, String> body =
        Map.of("language", "python", "code", IMPORT + "plt.plot([1, 2])\nplt.show()\nprint('x')");
    JsonNode reply =
        ok(
            server.post(
                "/process/code-run",
                Json.mapper().writeValueAsString(body),
                "X-Daytona-Split-Output",
                "true"));
    assertEquals("x\n", reply.get("stdout").textValue());
    assertEquals("", reply.get("stderr").textValue());
    assertEquals("line", only(reply).get("type").textValue());
  }

  private static JsonNode only(JsonNode reply) {
    JsonNode charts = reply.path("artifacts").path("charts");
    assertEquals(1, charts.size(), reply::toString);
    byte[] png = Base64.getDecoder().decode(charts.get(0).get("png").textValue());
    assertArrayEquals(PNG, Arrays.copyOf(png, PNG.length));
    return charts.get(0);
  }

  private static JsonNode run(String code) throws Exception {
    Map<String, String> body = Map.of("language", "python", "code", code);
    return ok(server.post("/process/code-run", Json.mapper().writeValueAsString(body)));
  }
}
