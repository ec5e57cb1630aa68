package io.daytona.toolbox.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Labels and lists of sessions, which root in a sandbox may forge, and ids that clients choose. */
public final class SessionParsersTest {
  /** Valid inputs, in ISO 8859-1. */
  public static final List<String> SEEDS =
      List.of(
          "p{\"kind\":\"command\",\"session\":\"s\",\"id\":\"c\",\"number\":3,\"async\":true,\"command\":\"ls\"}",
          "c{\"label\":{\"kind\":\"command\",\"session\":\"s\",\"id\":\"c\",\"number\":3,\"command\":\"ls\"},\"exitCode\":2}",
          "nmy session/..\0",
          "nplain-1.0");

  /** One name of a file, which is none of the directory's own. */
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_%-][A-Za-z0-9._-]{0,99}");

  /** The entry point of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] input) {
    accepts(input);
  }

  static boolean accepts(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8);
    String rest = text.isEmpty() ? "" : text.substring(1);
    return switch (text.isEmpty() ? ' ' : text.charAt(0)) {
      case 'p' -> ProcessLabel.parse(rest).filter(SessionParsersTest::isKept).isPresent();
      case 'c' -> SavedCommands.parse(rest).filter(SessionParsersTest::isCommand).isPresent();
      case 'n' -> NAME.matcher(SessionFiles.name(rest)).matches();
      default -> false;
    };
  }

  private static boolean isKept(ProcessLabel label) {
    assertEquals(label, ProcessLabel.parse(label.text()).orElseThrow());
    if (SavedCommands.needsFile(label)) {
      assertTrue(label.command().startsWith(label.cutTo(512).command()));
    }
    return label.fits();
  }

  private static boolean isCommand(Command command) {
    assertTrue(!command.id().isEmpty() && command.exitCode().isPresent(), "no command");
    return true;
  }

  @Test
  void seedsAreAccepted() {
    for (String seed : SEEDS) {
      assertTrue(accepts(seed.getBytes(StandardCharsets.ISO_8859_1)), seed);
    }
  }
}
