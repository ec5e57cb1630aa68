package io.daytona.bench;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.daytona.bench.row.Row;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Prints rows as a table and writes them, raw samples included, as JSON. */
final class Report {
  private Report() {}

  private static final String LINE = "%-58s %5s %9s %9s %9s %-6s %-10s %-6s %9s %7s %9s %7s%s%n";

  static String table(List<Row> rows) {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            Locale.ROOT,
            LINE,
            "row",
            "N",
            "p50",
            "p95",
            "p99",
            "unit",
            "budget",
            "",
            "bare p50",
            "ratio",
            "Docker",
            "ratio",
            ""));
    for (Row row : rows) {
      if (!row.note().isEmpty()) {
        text.append(String.format(Locale.ROOT, "%-58s %s%n", row.name(), row.note()));
        continue;
      }
      text.append(
          String.format(
              Locale.ROOT,
              LINE,
              row.name(),
              row.count(),
              figure(row.p50()),
              figure(row.p95()),
              figure(row.p99()),
              row.unit(),
              row.budget(),
              verdict(row),
              figure(row.system().p50()),
              figure(row.ratio(row.system())),
              figure(row.docker().p50()),
              figure(row.ratio(row.docker())),
              row.failures() > 0 ? " (" + row.failures() + " failed)" : ""));
    }
    return text.toString();
  }

  private static String verdict(Row row) {
    return row.budget().isEmpty() ? "" : row.within() ? "kept" : "MISSED";
  }

  /** Writes the table with what each row stands beside, as Markdown. */
  static void summarize(Path file, String version, String command, List<Row> rows)
      throws IOException {
    StringBuilder text = new StringBuilder();
    text.append("# Benchmark of ").append(Instant.now()).append("\n\n`").append(command);
    text.append("`, version ").append(version).append(", ").append(machine()).append(".\n\n");
    text.append("A ratio is how many times the other's cost; of rates how many times slower.\n\n");
    text.append("| row | N | p50 | p95 | p99 | unit | budget | bare | ratio | Docker | ratio |\n");
    text.append("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for (Row row : rows) {
      if (!row.note().isEmpty()) {
        text.append("| ").append(row.name()).append(" | | ").append(line(row.note()));
        text.append(" | | | | | | | | |\n");
        continue;
      }
      List<String> cells =
          List.of(
              row.name() + (row.failures() > 0 ? " (**" + row.failures() + " failed**)" : ""),
              Integer.toString(row.count()),
              figure(row.p50()),
              figure(row.p95()),
              figure(row.p99()),
              row.unit(),
              (row.budget() + " " + verdict(row)).strip(),
              beside(row.system()),
              figure(row.ratio(row.system())),
              beside(row.docker()),
              figure(row.ratio(row.docker())));
      text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }
    Files.writeString(file, text);
  }

  private static String beside(Row.Reference reference) {
    return line((figure(reference.p50()) + " " + reference.what()).strip());
  }

  private static String line(String text) {
    return text.replaceAll("\\s+", " ").replace("|", "/");
  }

  private static Map<String, Object> machine() {
    return new TreeMap<>(
        Map.of(
            "cores", Runtime.getRuntime().availableProcessors(),
            "kernel", System.getProperty("os.version", ""),
            "java", System.getProperty("java.version", ""),
            "load", loadAverage()));
  }

  /** The load of the last minute, when the results are written. */
  private static double loadAverage() {
    return ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
  }

  static void write(Path file, String version, List<Row> rows) throws IOException {
    Path parent = file.toAbsolutePath().getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
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
                machine(),
                "rows",
                rows));
  }

  private static String figure(double value) {
    return Double.isNaN(value)
        ? ""
        : String.format(Locale.ROOT, value < 10 ? "%.2f" : "%.1f", value);
  }
}
