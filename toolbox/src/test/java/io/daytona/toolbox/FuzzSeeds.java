package io.daytona.toolbox;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Writes the seeds of fuzzing harnesses as files. */
public final class FuzzSeeds {
  /** What {@link FuzzAll} knows the first harness by. */
  static final int FIRST = 'A';

  private FuzzSeeds() {}

  /**
   * Called by build-support/fuzz-java.
   *
   * @param arguments the directory and the classes; more than one as {@link FuzzAll} takes them
   */
  public static void main(String[] arguments) throws ReflectiveOperationException, IOException {
    for (int harness = 1; harness < arguments.length; harness++) {
      Object seeds = Class.forName(arguments[harness]).getField("SEEDS").get(null);
      int number = 0;
      for (Object seed : (List<?>) seeds) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        if (arguments.length > 2) {
          bytes.write(FIRST + harness - 1);
        }
        bytes.writeBytes(seed.toString().getBytes(StandardCharsets.ISO_8859_1));
        Path file = Path.of(arguments[0], "seed-" + harness + "-" + number++);
        Files.write(file, bytes.toByteArray());
      }
    }
  }
}
