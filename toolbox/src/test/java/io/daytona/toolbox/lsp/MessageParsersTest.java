package io.daytona.toolbox.lsp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.eclipse.lsp4j.PublishDiagnosticsParams;
import org.eclipse.lsp4j.jsonrpc.MessageIssueException;
import org.eclipse.lsp4j.jsonrpc.json.MessageJsonHandler;
import org.eclipse.lsp4j.jsonrpc.messages.Message;
import org.eclipse.lsp4j.jsonrpc.messages.NotificationMessage;
import org.junit.jupiter.api.Test;

/**
 * What a language server may write; the first byte says in pieces of how many bytes. Behind {@code
 * u} the URI of a document, behind {@code m} one message.
 */
public final class MessageParsersTest {
  /** Valid inputs, in ISO 8859-1. */
  public static final List<String> SEEDS =
      List.of(
          "\u0005Content-Length: 2\r\n\r\n{}content-length:3\r\nContent-Type: x\r\n\r\n[1]",
          "\u007fContent-Length: 17\n\n{\"a\":[\"\\\"\",2,{}]}",
          "ufile:///a%20b/c.py",
          "m{\"jsonrpc\":\"2.0\",\"method\":\"textDocument/publishDiagnostics\",\"params\":{\"uri\":\"file:///a\","
              + "\"diagnostics\":[{\"range\":{\"start\":{\"line\":1,\"character\":2},\"end\":{\"line\":1,"
              + "\"character\":3}},\"severity\":1,\"code\":7,\"source\":\"s\",\"message\":\"m\"}]}}");

  private static final int LIMIT = 1 << 20;
  private static final MessageJsonHandler JSON = new MessageJsonHandler(ServerPipe.METHODS);

  /** Loads what parsing needs, which counts for no input. */
  public static void fuzzerInitialize() {
    accepts(SEEDS.getLast().getBytes(StandardCharsets.ISO_8859_1));
  }

  /** The entry point of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] input) {
    accepts(input);
  }

  static boolean accepts(byte[] input) {
    if (input.length > 0 && input[0] == 'u') {
      return uri(new String(input, 1, input.length - 1, StandardCharsets.UTF_8));
    }
    if (input.length > 0 && input[0] == 'm') {
      return message(Arrays.copyOfRange(input, 1, input.length));
    }
    int[] messages = {0};
    int piece = input.length == 0 ? 0 : Math.max(1, input[0]);
    try (MessageFramer framer = new MessageFramer(LIMIT, MessageMemory.ofAll(LIMIT))) {
      for (int at = 1; at < input.length; at += piece) {
        framer.accept(
            Arrays.copyOfRange(input, at, Math.min(input.length, at + piece)),
            body -> {
              messages[0]++;
              assertTrue(body.length <= input.length, "a message of bytes that never came");
              assertTrue(MessageFramer.values(body) > 0);
            });
      }
    } catch (LspViolation e) {
      return false;
    }
    return messages[0] > 0;
  }

  private static boolean uri(String uri) {
    String path = DocumentUri.pathOfServers(uri);
    String exact = new String(path.getBytes(StandardCharsets.UTF_8), StandardCharsets.UTF_8);
    assertEquals(exact, DocumentUri.pathOfServers(DocumentUri.of(path)), "another path");
    return uri.startsWith("file://");
  }

  private static boolean message(byte[] body) {
    int[] findings = {0};
    try {
      Message message = ServerPipe.parse(JSON, body);
      if (message instanceof NotificationMessage notification
          && notification.getParams() instanceof PublishDiagnosticsParams published
          && published.getDiagnostics() != null) {
        published
            .getDiagnostics()
            .forEach(one -> findings[0] += Conversions.diagnostic(one).isPresent() ? 1 : 0);
      }
    } catch (LspViolation | MessageIssueException e) {
      return false;
    }
    return findings[0] > 0;
  }

  @Test
  void seedsAreAccepted() {
    for (String seed : SEEDS) {
      assertTrue(accepts(seed.getBytes(StandardCharsets.ISO_8859_1)), seed);
    }
  }
}
