package io.daytona.toolbox.system;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.daytona.http.Call;
import io.daytona.http.LogContext;
import io.daytona.toolbox.agent.AgentSocket;
import io.daytona.toolbox.error.ToolboxError;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The request as it goes into the sandbox. Its body is sent by a thread of its own, because a
 * program may answer before it has read everything.
 */
final class ProxyRequest {
  private static final Logger LOG = LoggerFactory.getLogger(ProxyRequest.class);
  private static final int CHUNK_BYTES = 32 << 10;
  private static final Duration STOP_PATIENCE = Duration.ofSeconds(5);
  private static final String END = "\r\n";

  private final Call<InputStream> call;
  private final AgentSocket socket;
  private @Nullable Thread sender;
  private volatile boolean brokeOff;

  ProxyRequest(Call<InputStream> call, AgentSocket socket) {
    this.call = call;
    this.socket = socket;
  }

  /** Request line and headers. */
  static byte[] head(Call<InputStream> call, int port) {
    StringBuilder head = new StringBuilder(512);
    head.append(call.method()).append(' ').append(target(call)).append(" HTTP/1.1").append(END);
    header(head, "Host", "localhost:" + port);
    ProxyHeaders passed = new ProxyHeaders(call.headers());
    for (Map.Entry<String, String> header : call.headers()) {
      String name = header.getKey();
      // The listener has answered an Expect already.
      if (!passed.ofTheHop(name)
          && !name.equalsIgnoreCase("Host")
          && !name.equalsIgnoreCase("Expect")) {
        header(head, name, header.getValue());
      }
    }
    if (call.header("X-Forwarded-Host").isEmpty()) {
      call.header("Host").ifPresent(host -> header(head, "X-Forwarded-Host", host));
    }
    if (chunked(call)) {
      header(head, "Transfer-Encoding", "chunked");
    } else {
      call.header("Content-Length").ifPresent(length -> header(head, "Content-Length", length));
    }
    header(head, "Connection", "close");
    return head.append(END).toString().getBytes(ISO_8859_1);
  }

  private static void header(StringBuilder head, String name, String value) {
    head.append(name).append(": ").append(value).append(END);
  }

  private static String target(Call<?> call) {
    int query = call.uri().indexOf('?');
    String target = "/" + call.rest() + (query < 0 ? "" : call.uri().substring(query));
    if (target.chars().anyMatch(character -> character <= ' ' || character > 0xff)) {
      throw ToolboxError.badRequest("the path holds characters that must be percent-encoded");
    }
    return target;
  }

  private static boolean chunked(Call<?> call) {
    return call.header("Transfer-Encoding").isPresent();
  }

  private static boolean hasBody(Call<?> call) {
    return chunked(call) || call.header("Content-Length").filter(n -> !n.equals("0")).isPresent();
  }

  /** Sends the head and begins to send the body. */
  void send(byte[] head) throws IOException {
    OutputStream out = socket.output();
    out.write(head);
    out.flush();
    if (hasBody(call)) {
      InputStream body = call.body();
      boolean chunked = chunked(call);
      sender =
          Thread.ofVirtual()
              .name("proxy-body")
              .start(LogContext.carried(() -> body(body, out, chunked)));
    }
  }

  private void body(InputStream body, OutputStream out, boolean chunked) {
    byte[] buffer = new byte[CHUNK_BYTES];
    try {
      for (int n = next(body, buffer); n >= 0; n = next(body, buffer)) {
        if (chunked) {
          out.write((Integer.toHexString(n) + END).getBytes(ISO_8859_1));
        }
        out.write(buffer, 0, n);
        if (chunked) {
          out.write(END.getBytes(ISO_8859_1));
        }
        out.flush();
      }
      if (chunked) {
        out.write(("0" + END + END).getBytes(ISO_8859_1));
        out.flush();
      }
    } catch (IOException | RuntimeException e) {
      // The program sees a broken request, not a complete one that is shorter.
      LOG.debug("the body of a proxied request broke off", e);
      socket.close();
    }
  }

  private int next(InputStream body, byte[] buffer) throws IOException {
    try {
      return body.read(buffer);
    } catch (IOException | RuntimeException e) {
      brokeOff = true;
      throw e;
    }
  }

  /** Whether the client sent no valid body, or not all of it. */
  boolean brokeOff() {
    return brokeOff;
  }

  /** Ends the sender; the request must not be read after its reply is complete. */
  void stop() {
    Thread running = sender;
    if (running == null) {
      return;
    }
    running.interrupt();
    try {
      if (!running.join(STOP_PATIENCE)) {
        LOG.warn("the body of a proxied request is still being read");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
