package io.daytona.toolbox.lsp;

import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.Download;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.error.AgentErrors;
import io.daytona.toolbox.error.ToolboxError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.eclipse.lsp4j.DidCloseTextDocumentParams;
import org.eclipse.lsp4j.DidOpenTextDocumentParams;
import org.eclipse.lsp4j.TextDocumentIdentifier;
import org.eclipse.lsp4j.TextDocumentItem;
import org.eclipse.lsp4j.services.TextDocumentService;
import org.jspecify.annotations.Nullable;

/**
 * The documents that one server has open: those that a client opened, and for the time of a request
 * those that it asks about without having opened them.
 */
final class Documents {
  private static final int VERSION = 1;

  private final Running sandbox;
  private final Language language;
  private final TextDocumentService server;
  private final Diagnostics diagnostics;
  private final LspLimits limits;
  private final Map<String, Open> open = new LinkedHashMap<>();

  /**
   * @param server hears of documents
   * @param diagnostics remembers findings about open documents
   */
  Documents(
      Running sandbox,
      Language language,
      TextDocumentService server,
      Diagnostics diagnostics,
      LspLimits limits) {
    this.sandbox = sandbox;
    this.language = language;
    this.server = server;
    this.diagnostics = diagnostics;
    this.limits = limits;
  }

  /** Opens a document with what its file holds now, also when it is open already. */
  void open(String uri) {
    Content content = read(uri);
    synchronized (this) {
      Open known = open.get(content.path());
      if (known == null) {
        add(content, new Open(uri, true, 0));
      } else {
        announceClosed(content.path());
        announce(content);
        open.put(content.path(), new Open(uri, true, known.users()));
      }
    }
  }

  /** Closes a document; one that is not open is fine. */
  synchronized void close(String uri) {
    Optional<String> path = openPath(uri);
    Open known = path.map(open::get).orElse(null);
    if (path.isPresent() && known != null && known.kept()) {
      settle(path.get(), new Open(known.uri(), false, known.users()));
    }
  }

  /** Keeps a document open for one request. */
  Use use(String uri) {
    Use use = useOpened(uri);
    if (use != null) {
      return use;
    }
    Content content = read(uri);
    synchronized (this) {
      Open known = open.get(content.path());
      if (known == null) {
        add(content, new Open(uri, false, 1));
      } else {
        open.put(content.path(), new Open(known.uri(), known.kept(), known.users() + 1));
      }
      return new Use(content.path());
    }
  }

  /** Whether none is open. */
  synchronized boolean isEmpty() {
    return open.isEmpty();
  }

  /** The open documents: what clients call them, by path. */
  synchronized Map<String, String> all() {
    Map<String, String> all = new LinkedHashMap<>();
    open.forEach((path, document) -> all.put(path, document.uri()));
    return all;
  }

  /** What the client calls the document of a server's URI; the same when it has not opened it. */
  synchronized String asSent(String serverUri) {
    Open known = open.get(DocumentUri.pathOfServers(serverUri));
    return known == null || !known.kept() ? serverUri : known.uri();
  }

  private synchronized @Nullable Use useOpened(String uri) {
    Optional<String> path = openPath(uri);
    Open known = path.map(open::get).orElse(null);
    if (path.isEmpty() || known == null) {
      return null;
    }
    open.put(path.get(), new Open(known.uri(), known.kept(), known.users() + 1));
    return new Use(path.get());
  }

  private Optional<String> openPath(String uri) {
    String path = DocumentUri.path(sandbox, uri);
    if (open.containsKey(path)) {
      return Optional.of(path);
    }
    return DocumentUri.decoded(uri)
        .map(plain -> DocumentUri.path(sandbox, plain))
        .filter(open::containsKey);
  }

  private void add(Content content, Open document) {
    if (open.size() >= limits.documents()) {
      throw ToolboxError.badRequest(
          open.size() + " documents are open, which is the limit; close one first");
    }
    announce(content);
    open.put(content.path(), document);
  }

  private void settle(String path, Open document) {
    if (document.kept() || document.users() > 0) {
      open.put(path, document);
    } else {
      open.remove(path);
      announceClosed(path);
    }
  }

  private void announce(Content content) {
    String uri = DocumentUri.of(content.path());
    diagnostics.open(uri);
    String name = language.documentLanguage(content.path());
    server.didOpen(
        new DidOpenTextDocumentParams(new TextDocumentItem(uri, name, VERSION, content.text())));
  }

  private void announceClosed(String path) {
    String uri = DocumentUri.of(path);
    server.didClose(new DidCloseTextDocumentParams(new TextDocumentIdentifier(uri)));
    diagnostics.close(uri);
  }

  private Content read(String uri) {
    String path = DocumentUri.path(sandbox, uri);
    try {
      return new Content(path, text(path));
    } catch (AgentException e) {
      Optional<String> plain = DocumentUri.decoded(uri);
      if (e.errno() != Errno.ENOENT || plain.isEmpty()) {
        throw unreadable(uri, e);
      }
      try {
        String other = DocumentUri.path(sandbox, plain.get());
        return new Content(other, text(other));
      } catch (AgentException _) {
        throw unreadable(uri, e);
      }
    }
  }

  private String text(String path) {
    int limit = limits.documentBytes();
    try (Download file = sandbox.agent().read(path, 0, limit + 1L)) {
      byte[] bytes = file.bytes().readNBytes(limit + 1);
      if (bytes.length > limit) {
        throw ToolboxError.badRequest(
            "the document is larger than " + limit + " bytes, which is the limit");
      }
      return new String(bytes, StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new AgentException(0, AgentException.LOST, String.valueOf(e.getMessage()));
    }
  }

  private static RuntimeException unreadable(String uri, AgentException e) {
    return AgentErrors.isUnavailable(e)
        ? e
        : ToolboxError.badRequest(
            "cannot read " + ErrorTail.shorten(uri) + ": " + AgentErrors.text(e));
  }

  /**
   * An open document.
   *
   * @param uri what the client calls it
   * @param kept whether the client opened it
   * @param users requests under way about it
   */
  private record Open(String uri, boolean kept, int users) {}

  private record Content(String path, String text) {}

  /** A document that is open as long as this is. */
  final class Use implements AutoCloseable {
    private final String path;

    private Use(String path) {
      this.path = path;
    }

    /** What the server calls it. */
    String serverUri() {
      return DocumentUri.of(path);
    }

    @Override
    public void close() {
      synchronized (Documents.this) {
        Open known = open.get(path);
        if (known != null) {
          settle(path, new Open(known.uri(), known.kept(), known.users() - 1));
        }
      }
    }
  }
}
