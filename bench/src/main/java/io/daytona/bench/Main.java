package io.daytona.bench;

import io.daytona.bench.client.Api;
import io.daytona.bench.row.Row;
import java.io.IOException;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code daytona bench}: measures a running platform through its public API. */
@Command(
    name = "daytona bench",
    mixinStandardHelpOptions = true,
    description = "Measures the running platform through its public API and writes raw results.")
public final class Main implements Callable<Integer> {
  @Option(
      names = "--count",
      defaultValue = "100",
      description = "samples of each row after warm-up (default ${DEFAULT-VALUE})")
  private int count;

  @Option(
      names = "--data-dir",
      defaultValue = "/var/lib/daytona",
      description = "data directory, for the memory rows (default ${DEFAULT-VALUE})")
  private Path dataDir = Path.of("/var/lib/daytona");

  @Option(
      names = "--results",
      description = "folder for the raw results (default: none are written)")
  private Optional<Path> results = Optional.empty();

  /** Runs the benchmark; exit status 0 even when a budget is missed, 1 when a call failed. */
  public static void main(String[] arguments) {
    System.exit(new CommandLine(new Main()).execute(arguments));
  }

  @Override
  public Integer call() throws IOException {
    String url = environment("DAYTONA_API_URL");
    try (Api api = new Api(url, environment("DAYTONA_API_KEY"))) {
      String version = api.version();
      List<Row> rows =
          new Suite(api, new Host(dataDir), count, text -> System.err.println("… " + text)).run();
      System.out.print(Report.table(rows));
      if (results.isPresent()) {
        String stamp =
            LocalDateTime.now(ZoneOffset.UTC)
                .format(DateTimeFormatter.ofPattern("yyyy-MM-dd-HHmmss"));
        Path file = results.get().resolve(stamp + ".json");
        Report.write(file, version, rows);
        System.out.println("raw results: " + file);
      }
      return rows.stream().anyMatch(row -> row.failures() > 0) ? 1 : 0;
    }
  }

  private static String environment(String name) {
    String value = System.getenv(name);
    if (value == null || value.isEmpty()) {
      throw new IllegalStateException(name + " is not set; run: eval \"$(./daytona env)\"");
    }
    return value;
  }
}
