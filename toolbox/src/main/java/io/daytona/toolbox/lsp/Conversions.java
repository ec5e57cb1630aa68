package io.daytona.toolbox.lsp;

import io.daytona.toolbox.lsp.LspReplies.CompletionItem;
import io.daytona.toolbox.lsp.LspReplies.CompletionList;
import io.daytona.toolbox.lsp.LspReplies.Documentation;
import io.daytona.toolbox.lsp.LspReplies.Location;
import io.daytona.toolbox.lsp.LspReplies.Position;
import io.daytona.toolbox.lsp.LspReplies.Range;
import io.daytona.toolbox.lsp.LspReplies.Symbol;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.eclipse.lsp4j.DocumentSymbol;
import org.eclipse.lsp4j.MarkupContent;
import org.eclipse.lsp4j.SymbolInformation;
import org.eclipse.lsp4j.SymbolKind;
import org.eclipse.lsp4j.WorkspaceSymbol;
import org.eclipse.lsp4j.jsonrpc.messages.Either;
import org.jspecify.annotations.Nullable;

/**
 * Makes what clients get from what servers answer (toolbox protocol §8.2). A server is not trusted:
 * anything may be absent, and what lacks a required key is left out.
 */
final class Conversions {
  private static final int MAX_TEXT = 2000;
  private static final Range NOWHERE = new Range(new Position(0, 0), new Position(0, 0));

  private Conversions() {}

  /** Proposals. */
  static CompletionList completions(
      @Nullable Either<List<org.eclipse.lsp4j.CompletionItem>, org.eclipse.lsp4j.CompletionList>
          answer) {
    if (answer == null) {
      return new CompletionList(false, List.of());
    }
    if (answer.isLeft()) {
      return new CompletionList(false, items(answer.getLeft()));
    }
    org.eclipse.lsp4j.CompletionList list = answer.getRight();
    return new CompletionList(list.isIncomplete(), items(list.getItems()));
  }

  private static List<CompletionItem> items(
      @Nullable List<org.eclipse.lsp4j.CompletionItem> items) {
    List<CompletionItem> all = new ArrayList<>();
    for (org.eclipse.lsp4j.CompletionItem item : orEmpty(items)) {
      if (item != null && item.getLabel() != null) {
        all.add(
            new CompletionItem(
                item.getLabel(),
                item.getKind() == null ? null : item.getKind().getValue(),
                item.getDetail(),
                documentation(item.getDocumentation()),
                item.getSortText(),
                item.getFilterText(),
                item.getInsertText()));
      }
    }
    return all;
  }

  private static @Nullable Documentation documentation(
      @Nullable Either<String, MarkupContent> text) {
    if (text == null) {
      return null;
    }
    if (text.isLeft()) {
      return new Documentation("plaintext", text.getLeft());
    }
    MarkupContent content = text.getRight();
    if (content.getValue() == null) {
      return null;
    }
    return new Documentation(
        content.getKind() == null ? "plaintext" : content.getKind(), content.getValue());
  }

  /** Symbols of a document, those inside others after them. */
  static List<Symbol> documentSymbols(
      @Nullable List<Either<SymbolInformation, DocumentSymbol>> answer, String uri) {
    List<Symbol> all = new ArrayList<>();
    for (Either<SymbolInformation, DocumentSymbol> one : orEmpty(answer)) {
      if (one != null && one.isLeft()) {
        SymbolInformation symbol = one.getLeft();
        if (symbol.getLocation() != null) {
          add(all, symbol.getName(), symbol.getKind(), symbol.getLocation().getRange(), uri);
        }
      } else if (one != null) {
        add(all, one.getRight(), uri);
      }
    }
    return all;
  }

  private static void add(List<Symbol> all, @Nullable DocumentSymbol symbol, String uri) {
    if (symbol != null) {
      add(all, symbol.getName(), symbol.getKind(), symbol.getRange(), uri);
      for (DocumentSymbol child : orEmpty(symbol.getChildren())) {
        add(all, child, uri);
      }
    }
  }

  /**
   * Symbols of a project.
   *
   * @param asSent gives the name by which a client knows a document
   */
  static List<Symbol> workspaceSymbols(
      @Nullable Either<List<? extends SymbolInformation>, List<? extends WorkspaceSymbol>> answer,
      UnaryOperator<String> asSent) {
    List<Symbol> all = new ArrayList<>();
    if (answer == null) {
      return all;
    }
    if (answer.isLeft()) {
      for (SymbolInformation symbol : orEmpty(answer.getLeft())) {
        if (symbol != null) {
          add(all, symbol.getName(), symbol.getKind(), symbol.getLocation(), asSent);
        }
      }
      return all;
    }
    for (WorkspaceSymbol symbol : orEmpty(answer.getRight())) {
      if (symbol == null || symbol.getLocation() == null) {
        continue;
      }
      if (symbol.getLocation().isLeft()) {
        add(all, symbol.getName(), symbol.getKind(), symbol.getLocation().getLeft(), asSent);
      } else if (symbol.getName() != null && symbol.getLocation().getRight().getUri() != null) {
        String uri = asSent.apply(symbol.getLocation().getRight().getUri());
        all.add(new Symbol(kind(symbol.getKind()), new Location(NOWHERE, uri), symbol.getName()));
      }
    }
    return all;
  }

  private static void add(
      List<Symbol> all,
      @Nullable String name,
      @Nullable SymbolKind kind,
      org.eclipse.lsp4j.@Nullable Location location,
      UnaryOperator<String> asSent) {
    if (location != null && location.getUri() != null) {
      add(all, name, kind, location.getRange(), asSent.apply(location.getUri()));
    }
  }

  private static void add(
      List<Symbol> all,
      @Nullable String name,
      @Nullable SymbolKind kind,
      org.eclipse.lsp4j.@Nullable Range range,
      String uri) {
    if (name != null) {
      range(range).ifPresent(r -> all.add(new Symbol(kind(kind), new Location(r, uri), name)));
    }
  }

  private static int kind(@Nullable SymbolKind kind) {
    return (kind == null ? SymbolKind.Variable : kind).getValue();
  }

  /** A finding; its texts are cut to a sentence's length. */
  static Optional<LspReplies.Diagnostic> diagnostic(org.eclipse.lsp4j.@Nullable Diagnostic found) {
    if (found == null || found.getMessage() == null) {
      return Optional.empty();
    }
    String message =
        found.getMessage().isLeft()
            ? found.getMessage().getLeft()
            : found.getMessage().getRight().getValue();
    Integer severity = found.getSeverity() == null ? null : found.getSeverity().getValue();
    String code = found.getCode() == null ? null : cut(String.valueOf(found.getCode().get()), 100);
    return message == null
        ? Optional.empty()
        : range(found.getRange())
            .map(range ->
                new LspReplies.Diagnostic(
                    range,
                    severity,
                    code,
                    found.getSource() == null ? null : cut(found.getSource(), 100),
                    cut(message, MAX_TEXT)));
  }

  private static String cut(String text, int limit) {
    return text.length() <= limit ? text : text.substring(0, limit);
  }

  private static Optional<Range> range(org.eclipse.lsp4j.@Nullable Range range) {
    if (range == null || range.getStart() == null || range.getEnd() == null) {
      return Optional.empty();
    }
    return Optional.of(new Range(position(range.getStart()), position(range.getEnd())));
  }

  private static Position position(org.eclipse.lsp4j.Position position) {
    return new Position(position.getLine(), position.getCharacter());
  }

  private static <T> List<T> orEmpty(@Nullable List<T> list) {
    return list == null ? List.of() : list;
  }
}
