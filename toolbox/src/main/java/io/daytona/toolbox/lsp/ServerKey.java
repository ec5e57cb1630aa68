package io.daytona.toolbox.lsp;

/**
 * What names a language server within its sandbox, exactly as clients send it (toolbox protocol
 * §8.1).
 *
 * @param language its language
 * @param pathToProject project directory as sent
 */
record ServerKey(Language language, String pathToProject) {
  @Override
  public String toString() {
    return "language server for " + language.id() + " in " + pathToProject;
  }
}
