package io.daytona.bench.toolbox;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.bench.client.Api;
import io.daytona.bench.docker.DockerFigures;
import io.daytona.bench.row.Row;
import io.daytona.bench.row.Row.Reference;
import io.daytona.bench.row.Samples;
import io.daytona.bench.run.Run;
import io.daytona.bench.system.BareProgram;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A sandbox to measure in, with the program that gives the operating system's own figures.
 *
 * @param run the run it belongs to
 * @param sandbox the sandbox
 * @param home its working directory, absolute
 * @param docker a container beside it
 */
record Bench(Run run, Api.Sandbox sandbox, String home, Optional<DockerFigures> docker)
    implements AutoCloseable {

  /** Makes a sandbox of a snapshot ready. */
  static Bench in(Run run, String snapshot) {
    Api api = run.api();
    Api.Sandbox sandbox = api.create(snapshot);
    api.upload(sandbox, BareProgram.NAME, BareProgram.bytes());
    return new Bench(
        run,
        sandbox,
        api.execute(sandbox, "pwd").strip(),
        run.docker().map(engine -> new DockerFigures(engine, run.bare())));
  }

  /** The platform. */
  Api api() {
    return run.api();
  }

  /** Samples of a row that is quick. */
  int count() {
    return run.count();
  }

  /** Ends sandbox and container. */
  @Override
  public void close() {
    api().delete(sandbox.id());
    docker.ifPresent(DockerFigures::close);
  }

  /** A row beside Docker, if there is one. */
  Row besideDocker(Row row, Function<DockerFigures, Reference> measure) {
    return docker.map(figures -> run.besideDocker(row, _ -> measure.apply(figures))).orElse(row);
  }

  /** Measures one row; what goes wrong makes it a failed one, and the others still run. */
  Row row(String name, Supplier<Row> measure) {
    run.say(name);
    try {
      return measure.get();
    } catch (RuntimeException e) {
      return Row.failed(name, "FAILED: " + e);
    }
  }

  /** Durations of something done again and again, after it was done some times for nothing. */
  static Samples repeated(int times, int warmUps, Runnable action) {
    for (int turn = 0; turn < warmUps; turn++) {
      action.run();
    }
    Samples samples = new Samples();
    for (int turn = 0; turn < times; turn++) {
      samples.time(action);
    }
    return samples;
  }

  /** Durations of the same done by the operating system. */
  Reference bare(String row, int times, Object... arguments) {
    return Reference.of("bare", durations(row, times, arguments));
  }

  /** Rates of the same amount of bytes moved by the operating system. */
  Reference bareRate(long bytes, String row, int times, Object... arguments) {
    return Reference.of("bare", durations(row, times, arguments).rates(bytes));
  }

  private Samples durations(String row, int times, Object... arguments) {
    return BareProgram.parse(row, times, program(row + " " + times, arguments));
  }

  /** Runs the program in the sandbox and returns what it prints. */
  String program(String row, Object... arguments) {
    return api().execute(sandbox, command(row, arguments));
  }

  /** The command line of the program. */
  String command(String row, Object... arguments) {
    StringBuilder line = new StringBuilder("python3 " + home + "/" + BareProgram.NAME + " " + row);
    for (Object argument : arguments) {
      line.append(' ').append(argument);
    }
    return line.toString();
  }

  /** Calls the toolbox with a JSON body. */
  JsonNode post(String path, Map<String, ?> body) {
    return api().toolbox("POST", sandbox, path, body);
  }

  /** Calls the toolbox without a body. */
  JsonNode call(String method, String path) {
    return api().toolbox(method, sandbox, path, null);
  }

  /** An error unless both are the same. */
  static void check(@Nullable Object expected, @Nullable Object answer) {
    if (!Objects.equals(expected, answer)) {
      throw new IllegalStateException("expected " + expected + " but got " + answer);
    }
  }
}
