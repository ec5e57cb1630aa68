package io.daytona.toolbox.lsp;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.lsp4j.Diagnostic;
import org.jspecify.annotations.Nullable;

/** What a server last said about each open document; other documents are not remembered. */
final class Diagnostics {
  /** A server publishes in several steps, the sum of its findings with the last. */
  private static final Duration QUIET = Duration.ofMillis(500);

  private static final int PER_DOCUMENT = 1000;
  private static final int BYTES_EACH = 400;

  private final MessageMemory memory;
  private final Map<String, Entry> entries = new HashMap<>();
  private boolean closed;

  /**
   * @param memory where findings are kept; those that find no room are left out
   */
  Diagnostics(MessageMemory memory) {
    this.memory = memory;
  }

  /** Remembers a document. */
  synchronized void open(String serverUri) {
    if (!closed) {
      replace(serverUri, new Entry(null, 0, 0));
    }
  }

  /** Forgets a document. */
  synchronized void close(String serverUri) {
    replace(serverUri, null);
  }

  /** Forgets everything for good. */
  synchronized void closeAll() {
    closed = true;
    List.copyOf(entries.keySet()).forEach(this::close);
  }

  /** Takes what the server says. */
  synchronized void publish(String serverUri, List<Diagnostic> found) {
    if (!entries.containsKey(serverUri)) {
      return;
    }
    List<LspReplies.Diagnostic> kept = new ArrayList<>();
    long bytes = 0;
    for (Diagnostic one : found) {
      LspReplies.Diagnostic finding = Conversions.diagnostic(one).orElse(null);
      if (finding == null) {
        continue;
      }
      long cost = BYTES_EACH + 2L * finding.message().length();
      if (kept.size() == PER_DOCUMENT || !memory.take(cost)) {
        break;
      }
      bytes += cost;
      kept.add(finding);
    }
    replace(serverUri, new Entry(kept, bytes, System.nanoTime()));
  }

  /** Waits for a document's findings to be published and to settle; those so far after a limit. */
  synchronized List<LspReplies.Diagnostic> await(String serverUri, Duration limit)
      throws InterruptedException {
    long start = System.nanoTime();
    while (true) {
      Entry entry = entries.get(serverUri);
      if (entry == null) {
        return List.of();
      }
      long now = System.nanoTime();
      long left = limit.toNanos() - (now - start);
      List<LspReplies.Diagnostic> found = entry.found();
      if (found != null) {
        left = Math.min(left, QUIET.toNanos() - (now - entry.at()));
      }
      if (left <= 0) {
        return found == null ? List.of() : found;
      }
      wait(1 + left / 1_000_000);
    }
  }

  private void replace(String serverUri, @Nullable Entry entry) {
    Entry old = entry == null ? entries.remove(serverUri) : entries.put(serverUri, entry);
    if (old != null) {
      memory.give(old.bytes());
    }
    notifyAll();
  }

  private record Entry(@Nullable List<LspReplies.Diagnostic> found, long bytes, long at) {}
}
