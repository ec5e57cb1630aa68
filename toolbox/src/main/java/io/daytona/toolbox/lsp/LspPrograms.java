package io.daytona.toolbox.lsp;

/**
 * Where the language servers lie inside a sandbox.
 *
 * @param python directory of Python packages with {@code jedi_language_server}
 * @param node {@code node_modules} with {@code typescript-language-server} and {@code typescript}
 */
public record LspPrograms(String python, String node) {
  /** Those that the platform brings into every sandbox. */
  public static LspPrograms brought() {
    return new LspPrograms("/.daytona/lsp/python", "/.daytona/lsp/node/node_modules");
  }
}
