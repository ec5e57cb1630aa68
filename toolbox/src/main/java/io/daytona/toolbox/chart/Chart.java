package io.daytona.toolbox.chart;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.http.Json;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A chart or a part of one, as the reference schema's Chart and ChartElement together (toolbox
 * protocol §2.3). Everything is data of the sandbox.
 *
 * @param type {@code line}, {@code scatter}, {@code bar}, {@code pie}, {@code box_and_whisker},
 *     {@code composite_chart} or {@code unknown}; null for an element that is no chart
 * @param title title
 * @param xLabel label of the horizontal axis
 * @param yLabel label of the vertical axis
 * @param png picture in base64
 * @param xTicks places of ticks; dates are seconds since 1970
 * @param yTicks the same
 * @param xTickLabels texts of ticks
 * @param yTickLabels the same
 * @param xScale {@code linear}, {@code log}, …, {@code categorical} or {@code datetime}
 * @param yScale the same
 * @param elements what is drawn, or the charts of a composite one
 * @param label name of an element
 * @param points pairs of a line or scatter element
 * @param group group of a bar
 * @param value length of a bar, as text
 * @param angle degrees of a piece of a pie
 * @param radius radius of a piece of a pie
 * @param min lower whisker
 * @param firstQuartile lower end of a box
 * @param median line in a box
 * @param thirdQuartile upper end of a box
 * @param max upper whisker
 * @param outliers values beyond the whiskers
 */
@JsonInclude(JsonInclude.Include.NON_NULL)
record Chart(
    @Nullable String type,
    @Nullable String title,
    @JsonProperty("x_label") @Nullable String xLabel,
    @JsonProperty("y_label") @Nullable String yLabel,
    @Nullable String png,
    @JsonProperty("x_ticks") @Nullable List<Double> xTicks,
    @JsonProperty("y_ticks") @Nullable List<Double> yTicks,
    @JsonProperty("x_tick_labels") @Nullable List<String> xTickLabels,
    @JsonProperty("y_tick_labels") @Nullable List<String> yTickLabels,
    @JsonProperty("x_scale") @Nullable String xScale,
    @JsonProperty("y_scale") @Nullable String yScale,
    @Nullable List<Chart> elements,
    @Nullable String label,
    @Nullable List<List<Double>> points,
    @Nullable String group,
    @Nullable String value,
    @Nullable Double angle,
    @Nullable Double radius,
    @Nullable Double min,
    @JsonProperty("first_quartile") @Nullable Double firstQuartile,
    @Nullable Double median,
    @JsonProperty("third_quartile") @Nullable Double thirdQuartile,
    @Nullable Double max,
    @Nullable List<Double> outliers) {

  /** Enough for 100,000 points; a text of brackets takes fifty times its length when parsed. */
  private static final int MOST_VALUES = 400_000;

  /** Charts of more values are read one after another. */
  private static final int FEW_VALUES = 20_000;

  private static final ReentrantLock LARGE = new ReentrantLock();

  private static final Set<String> TYPES =
      Set.of("line", "scatter", "bar", "pie", "box_and_whisker", "composite_chart", "unknown");

  /**
   * Reads {@code {"type":"chart","value":{…}}}.
   *
   * @param strict whether the parts of a composite chart keep the reference schema's keys only
   * @return JSON of the chart with the known keys only; empty when anything is malformed or of a
   *     wrong type
   */
  static Optional<byte[]> parse(byte[] line, boolean strict) {
    int values = values(line);
    if (values > MOST_VALUES) {
      return Optional.empty();
    }
    if (values <= FEW_VALUES) {
      return read(line, strict);
    }
    LARGE.lock();
    try {
      return read(line, strict);
    } finally {
      LARGE.unlock();
    }
  }

  private static Optional<byte[]> read(byte[] line, boolean strict) {
    try {
      JsonNode artifact = Json.mapper().readTree(line);
      if (!artifact.path("type").asText().equals("chart")
          || !artifact.path("value").isObject()
          || hasNoNumber(artifact.path("value"))) {
        return Optional.empty();
      }
      Chart chart = Json.mapper().treeToValue(artifact.path("value"), Chart.class);
      if (chart.type == null || !TYPES.contains(chart.type) || chart.elements == null) {
        return Optional.empty();
      }
      return Optional.of(Json.mapper().writeValueAsBytes(strict ? chart.withPlainParts() : chart));
    } catch (IOException malformed) {
      return Optional.empty(); // what cannot be a chart is dropped (toolbox protocol §2.3)
    }
  }

  private Chart withPlainParts() {
    List<Chart> plain =
        elements == null ? List.of() : elements.stream().map(Chart::asElement).toList();
    return new Chart(
        type,
        title,
        xLabel,
        yLabel,
        png,
        xTicks,
        yTicks,
        xTickLabels,
        yTickLabels,
        xScale,
        yScale,
        plain,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null);
  }

  private Chart asElement() {
    return new Chart(
        type,
        title,
        xLabel,
        yLabel,
        png,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        label,
        points,
        group,
        value,
        angle,
        radius,
        min,
        firstQuartile,
        median,
        thirdQuartile,
        max,
        outliers);
  }

  /** Null in an array, or a number that is too large to be one: clients fail over both. */
  private static boolean hasNoNumber(JsonNode node) {
    for (JsonNode child : node) {
      if ((node.isArray() && child.isNull())
          || (child.isNumber() && !Double.isFinite(child.doubleValue()))
          || hasNoNumber(child)) {
        return true;
      }
    }
    return false;
  }

  /** The number of JSON values in a line, at most; the memory that it takes depends on it. */
  private static int values(byte[] line) {
    int values = 1;
    for (byte next : line) {
      if (next == '[' || next == '{' || next == ',') {
        values++;
      }
    }
    return values;
  }
}
