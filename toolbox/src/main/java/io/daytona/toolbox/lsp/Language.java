package io.daytona.toolbox.lsp;

import io.daytona.toolbox.SandboxPaths;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The languages that clients know (toolbox protocol §8.1), each with its server. */
enum Language {
  PYTHON("python", "python3", "3.10"),
  TYPESCRIPT("typescript", "node", "18"),
  JAVASCRIPT("javascript", "node", "18");

  /** Finds the packages before those of the image, and never a module of the project by mistake. */
  private static final String PYTHON_MAIN =
      "import sys; sys.path[:] = [sys.argv.pop(1)] + [p for p in sys.path if p];"
          + " from jedi_language_server.cli import cli; cli()";

  private final String id;
  private final String interpreter;
  private final String since;

  Language(String id, String interpreter, String since) {
    this.id = id;
    this.interpreter = interpreter;
    this.since = since;
  }

  /** The language of an id; empty when there is none. */
  static Optional<Language> of(String id) {
    for (Language language : values()) {
      if (language.id.equals(id)) {
        return Optional.of(language);
      }
    }
    return Optional.empty();
  }

  /** Its id on the wire. */
  String id() {
    return id;
  }

  /** The program of the image that runs the server. */
  String interpreter() {
    return interpreter;
  }

  /** The first release of the interpreter that can. */
  String since() {
    return since;
  }

  /** The directory or file that must be in the sandbox. */
  String location(LspPrograms programs) {
    return this == PYTHON
        ? SandboxPaths.join(programs.python(), "jedi_language_server")
        : SandboxPaths.join(programs.node(), "typescript-language-server/lib/cli.mjs");
  }

  /** How its server is started. */
  List<String> command(LspPrograms programs) {
    return this == PYTHON
        ? List.of(interpreter, "-c", PYTHON_MAIN, programs.python())
        : List.of(interpreter, location(programs), "--stdio");
  }

  /** What the server is told beside the protocol's own parameters. */
  Map<String, Object> options(LspPrograms programs) {
    if (this == PYTHON) {
      return Map.of();
    }
    String tsserver = SandboxPaths.join(programs.node(), "typescript/lib/tsserver.js");
    return Map.of(
        "disableAutomaticTypingAcquisition",
        true,
        "tsserver",
        // One program instead of two halves the memory that it takes from the sandbox.
        Map.of("path", tsserver, "useSyntaxServer", "never"));
  }

  /** Whether symbols of the workspace are found only while a document of it is open. */
  boolean searchesOpenProjectsOnly() {
    return this != PYTHON;
  }

  /** Whether a file name is one of its sources. */
  boolean isSource(String name) {
    return switch (suffix(name)) {
      case "py", "pyi" -> this == PYTHON;
      case "ts", "tsx", "mts", "cts", "js", "jsx", "mjs", "cjs" -> this != PYTHON;
      default -> false;
    };
  }

  /** The language that a document is announced with. */
  String documentLanguage(String path) {
    return switch (suffix(path)) {
      case "py", "pyi" -> "python";
      case "ts", "mts", "cts" -> "typescript";
      case "tsx" -> "typescriptreact";
      case "js", "mjs", "cjs" -> "javascript";
      case "jsx" -> "javascriptreact";
      default -> id;
    };
  }

  private static String suffix(String path) {
    return path.substring(path.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
  }
}
