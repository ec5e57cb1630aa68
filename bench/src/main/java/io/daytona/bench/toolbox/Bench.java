package io.daytona.bench.toolbox;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.daytona.bench.client.Api;
import io.daytona.bench.row.Row;
import io.daytona.bench.row.Samples;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A sandbox to measure in, with the program that gives the operating system's own figures.
 *
 * @param api the platform
 * @param sandbox the sandbox
 * @param home its working directory, absolute
 * @param count samples of a row that is quick
 * @param progress told what is being measured
 */
record Bench(Api api, Api.Sandbox sandbox, String home, int count, Consumer<String> progress) {
  private static final String PROGRAM = "bare.py";
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Makes a sandbox of a snapshot ready. */
  static Bench in(Api api, String snapshot, int count, Consumer<String> progress) {
    Api.Sandbox sandbox = api.create(snapshot);
    api.upload(sandbox, PROGRAM, program());
    return new Bench(api, sandbox, api.execute(sandbox, "pwd").strip(), count, progress);
  }

  /** Measures one row; what goes wrong makes it a failed one, and the others still run. */
  Row row(String name, Supplier<Row> measure) {
    progress.accept(name);
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
  Samples bare(String row, int times, Object... arguments) {
    Samples samples = new Samples();
    durations(row, times, arguments).forEach(nanos -> samples.add(nanos.asLong()));
    return samples;
  }

  /** Rates of the same amount of bytes moved by the operating system. */
  Samples bareRate(long bytes, String row, int times, Object... arguments) {
    Samples samples = new Samples();
    durations(row, times, arguments).forEach(nanos -> samples.addRate(bytes, nanos.asLong()));
    return samples;
  }

  private JsonNode durations(String row, int times, Object... arguments) {
    try {
      JsonNode all = JSON.readTree(program(row + " " + times, arguments));
      if (all.size() != times) {
        throw new IllegalStateException("bare " + row + " gave " + all);
      }
      return all;
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Runs the program in the sandbox and returns what it prints. */
  String program(String row, Object... arguments) {
    return api.execute(sandbox, command(row, arguments));
  }

  /** The command line of the program. */
  String command(String row, Object... arguments) {
    StringBuilder line = new StringBuilder("python3 " + home + "/" + PROGRAM + " " + row);
    for (Object argument : arguments) {
      line.append(' ').append(argument);
    }
    return line.toString();
  }

  /** Calls the toolbox with a JSON body. */
  JsonNode post(String path, Map<String, ?> body) {
    return api.toolbox("POST", sandbox, path, body);
  }

  /** Calls the toolbox without a body. */
  JsonNode call(String method, String path) {
    return api.toolbox(method, sandbox, path, null);
  }

  /** An error unless both are the same. */
  static void check(@Nullable Object expected, @Nullable Object answer) {
    if (!Objects.equals(expected, answer)) {
      throw new IllegalStateException("expected " + expected + " but got " + answer);
    }
  }

  private static byte[] program() {
    try (InputStream in = Bench.class.getResourceAsStream(PROGRAM)) {
      return Objects.requireNonNull(in, PROGRAM).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
