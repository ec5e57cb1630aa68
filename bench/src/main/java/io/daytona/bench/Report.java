package io.daytona.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.daytona.bench.row.Row;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Prints rows as a table and writes them, raw samples included, as JSON. */
final class Report {
  private Report() {}

  static String table(List<Row> rows) {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            "%-52s %6s %9s %9s %9s %-5s %-10s %-6s %9s %8s%n",
            "row",
            "N",
            "p50",
            "p95",
            "p99",
            "unit",
            "budget",
            "",
            "bare p50",
            "ratio"));
    for (Row row : rows) {
      if (!row.note().isEmpty()) {
        text.append(String.format(Locale.ROOT, "%-52s %s%n", row.name(), row.note()));
        continue;
      }
      text.append(
          String.format(
              Locale.ROOT,
              "%-52s %6d %9s %9s %9s %-5s %-10s %-6s %9s %8s%s%n",
              row.name(),
              row.count(),
              figure(row.p50()),
              figure(row.p95()),
              figure(row.p99()),
              row.unit(),
              row.budget(),
              row.budget().isEmpty() ? "" : row.within() ? "kept" : "MISSED",
              figure(row.bare()),
              figure(row.ratio()),
              row.failures() > 0 ? " (" + row.failures() + " failed)" : ""));
    }
    return text.toString();
  }

  static void write(Path file, String version, List<Row> rows) throws IOException {
    Path parent = file.toAbsolutePath().getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    Map<String, Object> machine =
        Map.of(
            "cores", Runtime.getRuntime().availableProcessors(),
            "kernel", System.getProperty("os.version", ""),
            "java", System.getProperty("java.version", ""));
    new ObjectMapper()
        .enable(SerializationFeature.INDENT_OUTPUT)
        .writeValue(
            file.toFile(),
            Map.of(
                "date",
                Instant.now().toString(),
                "version",
                version,
                "machine",
                machine,
                "rows",
                rows));
  }

  private static String figure(double value) {
    return Double.isNaN(value)
        ? ""
        : String.format(Locale.ROOT, value < 10 ? "%.2f" : "%.1f", value);
  }
}
