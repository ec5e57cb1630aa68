package io.daytona.bench.run;

import io.daytona.bench.client.Api;
import io.daytona.bench.docker.DockerEngine;
import io.daytona.bench.row.Row;
import io.daytona.bench.row.Row.Reference;
import io.daytona.bench.row.Samples;
import io.daytona.bench.system.BareProgram;
import io.daytona.bench.system.Host;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * One run of the benchmark.
 *
 * @param api the platform
 * @param host what it runs on
 * @param launcher how it is restarted; empty where the benchmark may not
 * @param bare the operating system's own figures on the host
 * @param docker a Docker engine; empty for none
 * @param count samples of a row that is quick
 * @param sizes how much the rows with many sandboxes take
 * @param progress told what is being measured
 */
public record Run(
    Api api,
    Host host,
    Optional<Launcher> launcher,
    BareProgram bare,
    Optional<DockerEngine> docker,
    int count,
    Sizes sizes,
    Consumer<String> progress) {
  /** The snapshot of all rows of a life. */
  public static final String SNAPSHOT = "daytona-small";

  /** Tells what is being measured. */
  public void say(String text) {
    progress.accept(text);
  }

  /** The least that a process costs right now. */
  public Reference spawn() {
    return Reference.of("fork and exec", bare.measure("spawn", Math.clamp(count, 5, 50)));
  }

  /** Durations of a row of the operating system's program, inside a sandbox. */
  public Samples bare(Api.Sandbox sandbox, String row, int times) {
    api.upload(sandbox, BareProgram.NAME, BareProgram.bytes());
    String line = "python3 " + BareProgram.NAME + " " + row + " " + times;
    return BareProgram.parse(row, times, api.execute(sandbox, line));
  }

  /** A row beside Docker, if there is one; what goes wrong there is said in its place. */
  public Row besideDocker(Row row, Function<DockerEngine, Reference> measure) {
    if (docker.isEmpty()) {
      return row;
    }
    say("Docker: " + row.name());
    try {
      return row.besideDocker(measure.apply(docker.get()));
    } catch (RuntimeException e) {
      say("Docker FAILED: " + e);
      return row.besideDocker(Reference.failed(String.valueOf(e)));
    }
  }
}
