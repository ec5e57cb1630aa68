package io.daytona.toolbox.interpreter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.toolbox.agent.Feed;
import io.daytona.wire.error.DaytonaException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * What code that an interpreter's worker runs may write in the worker's name: its lines, its label
 * behind {@code l}, all its output behind {@code o}.
 */
public final class WorkerParsersTest {
  /** Valid inputs, in ISO 8859-1. */
  public static final List<String> SEEDS =
      List.of(
          "{\"type\":\"ready\"}",
          "{\"type\":\"error\",\"id\":\"r\",\"name\":\"E\",\"value\":7,\"traceback\":null}",
          "l{\"kind\":\"interpreter\",\"context\":\"c\",\"cwd\":\"/\",\"createdAt\":\"x\"}",
          "o\u0007{\"type\":\"ready\"}\n{\"type\":\"done\",\"id\":\"r\"}\n");

  /** Loads what parsing needs, which counts for no input. */
  public static void fuzzerInitialize() {
    accepts(new byte[] {'{', '}'});
  }

  /** The entry point of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] input) {
    accepts(input);
  }

  static boolean accepts(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8);
    try {
      if (text.startsWith("l")) {
        return ContextLabel.parse(text.substring(1)).filter(WorkerParsersTest::isKept).isPresent();
      }
      if (text.startsWith("o")) {
        return frames(Arrays.copyOfRange(input, 1, input.length));
      }
      return WorkerFrame.parse(input) != null;
    } catch (IOException e) {
      return false;
    }
  }

  private static boolean isKept(ContextLabel label) {
    try {
      assertEquals(label, ContextLabel.parse(label.text()).orElseThrow());
      return true;
    } catch (DaytonaException tooLong) {
      return false;
    }
  }

  private static boolean frames(byte[] input) throws IOException {
    FrameReader reader = new FrameReader(Feed.of(input), false);
    int count = 0;
    try {
      while (!(reader.next(Duration.ofHours(1)) instanceof WorkerFrame.Ended)) {
        count++;
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    assertTrue(reader.acknowledge() < Math.max(1, input.length), "output that never came");
    return count > 0;
  }

  @Test
  void seedsAreAccepted() {
    for (String seed : SEEDS) {
      assertTrue(accepts(seed.getBytes(StandardCharsets.ISO_8859_1)), seed);
    }
  }
}
