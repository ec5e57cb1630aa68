package io.daytona.toolbox.chart;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.regex.Pattern;

/** Wraps Python code so that the figures it shows come out as charts (toolbox protocol §2.3). */
public final class ChartProgram {
  /** The forms of an import, with no comment before it on its line. */
  private static final Pattern IMPORT =
      Pattern.compile(
          "(?m)^[^#\\n]*(?:"
              + "\\bimport\\s+(?:[\\w., \\t]{1,500},\\s*)?matplotlib\\b"
              + "|\\bfrom\\s+matplotlib\\b"
              + "|\\b__import__\\(\\s*['\"]matplotlib"
              + "|\\bimport_module\\(\\s*['\"]matplotlib"
              + "|\\bload_module\\(\\s*['\"]matplotlib"
              + "|\\bsys\\.modules\\[\\s*['\"]matplotlib"
              + ")");

  private static final String WRAPPER = read("charts.py");

  private ChartProgram() {}

  /** Whether code seems to import matplotlib. */
  public static boolean mayDraw(String code) {
    return code.contains("matplotlib") && IMPORT.matcher(code).find();
  }

  /** The program that runs the code and writes its charts. */
  public static String of(String code) {
    String encoded = Base64.getEncoder().encodeToString(code.getBytes(StandardCharsets.UTF_8));
    return WRAPPER + "\n\nrun_program(\"" + encoded + "\")\n";
  }

  private static String read(String name) {
    try (InputStream in = ChartProgram.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException(name + " is missing from the program");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
