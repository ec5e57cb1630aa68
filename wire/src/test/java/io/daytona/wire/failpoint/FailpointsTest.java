package io.daytona.wire.failpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class FailpointsTest {
  @Test
  void nothingIsArmedWithoutASpecification() {
    assertSame(Failpoints.NONE, Failpoints.parse(null));
    assertSame(Failpoints.NONE, Failpoints.parse(""));
  }

  @Test
  void theProcessEndsAtTheNamedPlaceAndNowhereElse() throws Exception {
    assertEquals("start other named ", run("named"));
    assertEquals("start other named other named ", run("named:2"));
    assertEquals("start other named other named end", run("absent"));
  }

  /** What a process printed that passes {@code other} and {@code named} twice each. */
  private static String run(String armed) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                Passing.class.getName(),
                armed)
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    assertEquals(output.endsWith("end") ? 0 : 137, process.exitValue());
    return output;
  }

  /** The process that is ended; its shutdown hook must not run. */
  static final class Passing {
    private Passing() {}

    public static void main(String[] arguments) {
      Failpoints failpoints = Failpoints.parse(arguments[0]);
      Runtime.getRuntime().addShutdownHook(new Thread(Passing::tidy));
      System.out.print("start ");
      for (int turn = 0; turn < 2; turn++) {
        pass(failpoints, "other");
        pass(failpoints, "named");
      }
    }

    private static void tidy() {
      System.out.print("end");
      System.out.flush();
    }

    private static void pass(Failpoints failpoints, String name) {
      System.out.print(name + " ");
      System.out.flush();
      failpoints.pass(name);
    }
  }
}
