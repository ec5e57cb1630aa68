package io.daytona.toolbox.lsp;

import org.jspecify.annotations.Nullable;

/** Bodies of requests, as in both OpenAPI documents of the toolbox (toolbox protocol §8.2). */
final class LspRequests {
  private LspRequests() {}

  /**
   * {@code POST /lsp/start} and {@code /lsp/stop}.
   *
   * @param languageId python, typescript or javascript
   * @param pathToProject project directory
   */
  record Server(@Nullable String languageId, @Nullable String pathToProject) {}

  /**
   * {@code POST /lsp/did-open} and {@code /lsp/did-close}.
   *
   * @param languageId of the server
   * @param pathToProject of the server
   * @param uri document: a path, with or without {@code file://}
   */
  record Document(
      @Nullable String languageId, @Nullable String pathToProject, @Nullable String uri) {}

  /**
   * {@code POST /lsp/completions}.
   *
   * @param languageId of the server
   * @param pathToProject of the server
   * @param uri document
   * @param position where, from 0
   * @param context what made the client ask
   */
  record Completions(
      @Nullable String languageId,
      @Nullable String pathToProject,
      @Nullable String uri,
      @Nullable Position position,
      @Nullable Context context) {}

  /**
   * A position.
   *
   * @param line from 0
   * @param character from 0, in UTF-16 units
   */
  record Position(@Nullable Integer line, @Nullable Integer character) {}

  /**
   * What made a client ask.
   *
   * @param triggerKind 1 invoked, 2 a character was typed, 3 the last answer was incomplete
   * @param triggerCharacter the character
   */
  record Context(@Nullable Integer triggerKind, @Nullable String triggerCharacter) {}
}
