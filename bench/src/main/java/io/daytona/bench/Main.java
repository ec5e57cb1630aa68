package io.daytona.bench;

import io.daytona.bench.client.Api;
import io.daytona.bench.docker.DockerEngine;
import io.daytona.bench.profile.Profile;
import io.daytona.bench.row.Row;
import io.daytona.bench.run.Group;
import io.daytona.bench.run.Launcher;
import io.daytona.bench.run.Run;
import io.daytona.bench.run.Sizes;
import io.daytona.bench.system.BareProgram;
import io.daytona.bench.system.Host;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code daytona bench}: measures a running platform through its public API. */
@Command(
    name = "daytona bench",
    mixinStandardHelpOptions = true,
    description = "Measures the running platform through its public API and writes raw results.")
public final class Main implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--count",
      defaultValue = "100",
      description = "samples of each row after warm-up (default ${DEFAULT-VALUE})")
  private int count;

  @Option(
      names = "--complete",
      description = "all rows, beside a private Docker engine: 25 minutes on two quiet cores")
  private boolean complete;

  @Option(
      names = "--only",
      split = ",",
      paramLabel = "ROW",
      description = "these rows only; --list names them")
  private List<String> only = List.of();

  @Option(names = "--docker", description = "beside a private Docker engine; part of --complete")
  private boolean docker;

  @Option(
      names = "--tiny",
      description = "few sandboxes and no rest, to try the benchmark itself: no figures to keep")
  private boolean tiny;

  @Option(names = "--list", description = "names the rows")
  private boolean list;

  @Option(
      names = "--profile",
      description =
          "where the time of a create and of an exec goes, step by step, and nothing else")
  private boolean profile;

  @Option(
      names = "--data-dir",
      defaultValue = "/var/lib/daytona",
      description = "data directory, for the memory rows (default ${DEFAULT-VALUE})")
  private Path dataDir = Path.of("/var/lib/daytona");

  @Option(
      names = "--results",
      description = "folder for the raw results (default: bench/results of the checkout)")
  private Optional<Path> results = Optional.empty();

  @Option(
      names = "--launcher",
      hidden = true,
      description = "the command that restarts the platform")
  private Optional<Path> launcher = Optional.empty();

  private final long begin = System.nanoTime();

  /** Runs the benchmark; exit status 0 even when a budget is missed, 1 when a call failed. */
  public static void main(String[] arguments) {
    System.exit(new CommandLine(new Main()).execute(arguments));
  }

  @Override
  public Integer call() throws IOException {
    if (list) {
      System.out.print(Catalogue.list());
      return 0;
    }
    List<Group> groups = groups();
    Host host = new Host(dataDir);
    try (Api api = new Api(environment("DAYTONA_API_URL"), environment("DAYTONA_API_KEY"));
        BareProgram bare = new BareProgram()) {
      if (profile) {
        System.out.print(new Profile(api, host, count, this::say).table());
        return 0;
      }
      Optional<DockerEngine> engine = docker || complete ? startDocker(host) : Optional.empty();
      Runnable end = () -> engine.ifPresent(DockerEngine::close);
      Thread whenInterrupted = Thread.ofPlatform().unstarted(end);
      Runtime.getRuntime().addShutdownHook(whenInterrupted);
      try {
        Sizes sizes = tiny ? Sizes.tiny() : Sizes.full();
        Optional<Launcher> restarts =
            launcher.map(command -> new Launcher(command, dataDir, api::forgetConnections));
        Run run = new Run(api, host, restarts, bare, engine, count, sizes, this::say);
        return report(api.version(), Catalogue.measure(run, groups));
      } finally {
        end.run();
      }
    }
  }

  private List<Group> groups() {
    try {
      return Catalogue.chosen(complete, only);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()), e);
    }
  }

  private Optional<DockerEngine> startDocker(Host host) {
    try {
      return Optional.of(new DockerEngine(host, this::say));
    } catch (RuntimeException e) {
      say("NO DOCKER ENGINE, its figures are left out (it needs root): " + e.getMessage());
      return Optional.empty();
    }
  }

  private int report(String version, List<Row> rows) throws IOException {
    System.out.print(Report.table(rows));
    if (results.isPresent()) {
      String stamp =
          LocalDateTime.now(ZoneOffset.UTC)
              .format(DateTimeFormatter.ofPattern("yyyy-MM-dd-HHmmss"));
      Path file = results.get().resolve(stamp + ".json");
      Report.write(file, version, rows);
      Report.summarize(results.get().resolve(stamp + ".md"), version, command(), rows);
      System.out.println("raw results: " + file + ", summary beside it");
    }
    return rows.stream().anyMatch(row -> row.failures() > 0) ? 1 : 0;
  }

  private String command() {
    return "./daytona bench --count "
        + count
        + (complete ? " --complete" : "")
        + (docker ? " --docker" : "")
        + (tiny ? " --tiny" : "")
        + (only.isEmpty() ? "" : " --only " + String.join(",", only));
  }

  /** Tells what is being measured, with the time since the start. */
  private void say(String text) {
    Duration since = Duration.ofNanos(System.nanoTime() - begin);
    System.err.printf("%3d:%02d %s%n", since.toMinutes(), since.toSecondsPart(), text);
  }

  private static String environment(String name) {
    String value = System.getenv(name);
    if (value == null || value.isEmpty()) {
      throw new IllegalStateException(name + " is not set; run: eval \"$(./daytona env)\"");
    }
    return value;
  }
}
