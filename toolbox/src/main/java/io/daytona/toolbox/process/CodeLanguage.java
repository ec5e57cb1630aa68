package io.daytona.toolbox.process;

import io.daytona.toolbox.chart.ChartProgram;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * How code of a language is run: a program that reads the source from its standard input (toolbox
 * protocol §2.2).
 */
enum CodeLanguage {
  PYTHON("python", "", "python3", List.of("python3", "-u", "-")),

  /** The first line removes the script's slot from {@code process.argv}. */
  JAVASCRIPT("javascript", "process.argv.splice(1, 1);\n", "node", List.of("node", "-")),

  /**
   * ts-node reads a file only, so a shell makes one and removes it afterwards; {@code $$} is the
   * pid that the agent reports.
   */
  TYPESCRIPT(
      "typescript",
      "process.argv.splice(1, 1);\n",
      "a shell, node and npm",
      List.of(
          "/bin/sh",
          "-c",
          """
          command -v npx >/dev/null || {
            echo 'npx: command not found; install node and npm in the sandbox'"'"'s image' >&2
            exit 127
          }
          f=/tmp/dtn_$$.ts
          trap 'rm -f "$f"' EXIT
          cat > "$f" || exit 1
          NPM_CONFIG_LOGLEVEL=error npx ts-node -T --ignore-diagnostics 5107 \
          -O '{"module":"CommonJS"}' "$f" "$@" < /dev/null
          """,
          "sh"));

  private final String wire;
  private final String preamble;
  private final String needs;

  @SuppressWarnings("ImmutableEnumChecker") // made by List.of
  private final List<String> command;

  CodeLanguage(String wire, String preamble, String needs, List<String> command) {
    this.wire = wire;
    this.preamble = preamble;
    this.needs = needs;
    this.command = command;
  }

  /** The language of a wire name. */
  static Optional<CodeLanguage> ofWire(String name) {
    for (CodeLanguage language : values()) {
      if (language.wire.equals(name)) {
        return Optional.of(language);
      }
    }
    return Optional.empty();
  }

  /** Program and arguments. */
  List<String> argv(List<String> arguments) {
    List<String> argv = new ArrayList<>(command);
    argv.addAll(arguments);
    return argv;
  }

  /** What the program reads. */
  String source(String code) {
    if (this == PYTHON && ChartProgram.mayDraw(code)) {
      return ChartProgram.of(code);
    }
    return preamble + code;
  }

  /** What a shell would say when the program is missing, and what to install. */
  String missing() {
    return command.getFirst()
        + ": command not found; install "
        + needs
        + " in the sandbox's image\n";
  }

  /** The file left behind when the program was killed; empty for none. */
  String leftover(long pid) {
    return this == TYPESCRIPT ? "/tmp/dtn_" + pid + ".ts" : "";
  }
}
