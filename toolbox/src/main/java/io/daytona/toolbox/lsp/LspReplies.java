package io.daytona.toolbox.lsp;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Bodies of replies, as in both OpenAPI documents of the toolbox (toolbox protocol §8.2). */
final class LspReplies {
  private LspReplies() {}

  /**
   * Proposals at a position.
   *
   * @param isIncomplete whether more typing gives others
   * @param items the proposals
   */
  record CompletionList(boolean isIncomplete, List<CompletionItem> items) {}

  /**
   * One proposal.
   *
   * @param label what is shown and, without an insertText, inserted
   * @param kind number of the Language Server Protocol
   * @param detail signature or type
   * @param documentation text about it; an object, because released clients take nothing else
   * @param sortText orders proposals
   * @param filterText what is compared with the typed text
   * @param insertText what is inserted
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record CompletionItem(
      String label,
      @Nullable Integer kind,
      @Nullable String detail,
      @Nullable Documentation documentation,
      @Nullable String sortText,
      @Nullable String filterText,
      @Nullable String insertText) {}

  /**
   * Text for people.
   *
   * @param kind {@code plaintext} or {@code markdown}
   * @param value the text
   */
  record Documentation(String kind, String value) {}

  /**
   * A named thing in a document.
   *
   * @param kind number of the Language Server Protocol
   * @param location where it is
   * @param name its name
   */
  record Symbol(int kind, Location location, String name) {}

  /**
   * A place.
   *
   * @param range part of the document
   * @param uri document
   */
  record Location(Range range, String uri) {}

  /**
   * A part of a document.
   *
   * @param start first position
   * @param end position after the last
   */
  record Range(Position start, Position end) {}

  /**
   * A position.
   *
   * @param line from 0
   * @param character from 0, in UTF-16 units
   */
  record Position(int line, int character) {}

  /**
   * A finding about a document; the platform's addition.
   *
   * @param range where
   * @param severity 1 error, 2 warning, 3 information, 4 hint
   * @param code the server's code
   * @param source who found it
   * @param message sentence
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Diagnostic(
      Range range,
      @Nullable Integer severity,
      @Nullable String code,
      @Nullable String source,
      String message) {}
}
