package io.daytona.bench.system;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.daytona.bench.row.Samples;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * The program that gives the operating system's own figures, run on the host, or through a command
 * that runs programs elsewhere.
 */
public final class BareProgram implements AutoCloseable {
  /** Its name. */
  public static final String NAME = "bare.py";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final long SECONDS = 600;

  private final Path directory;

  /** Puts it into a directory of its own. */
  public BareProgram() {
    try {
      directory = Files.createTempDirectory("daytona-bench");
      Files.write(file(), bytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Its text. */
  public static byte[] bytes() {
    try (InputStream in = BareProgram.class.getResourceAsStream(NAME)) {
      return Objects.requireNonNull(in, NAME).readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Where it lies. */
  public Path file() {
    return directory.resolve(NAME);
  }

  /** Durations of a row on the host. */
  public Samples measure(String row, int times, Object... arguments) {
    return through(List.of(), row, times, arguments);
  }

  /** Durations of a row whose programs are started by another command. */
  public Samples through(List<String> command, String row, int times, Object... arguments) {
    List<String> line = new ArrayList<>(List.of("python3", file().toString(), row, "" + times));
    Stream.of(arguments).map(Object::toString).forEach(line::add);
    try {
      Map<String, String> environment = Map.of("BARE_THROUGH", JSON.writeValueAsString(command));
      return parse(row, times, Commands.run(line, directory, environment, SECONDS));
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What it prints, read. */
  public static Samples parse(String row, int times, String output) {
    try {
      JsonNode all = JSON.readTree(output);
      if (all.size() != times) {
        throw new IllegalStateException("bare " + row + " gave " + output);
      }
      Samples samples = new Samples();
      all.forEach(nanos -> samples.add(nanos.asLong()));
      return samples;
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    try (Stream<Path> all = Files.walk(directory)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
