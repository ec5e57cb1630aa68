package io.daytona.cli.exec;

import io.daytona.cli.api.Api;
import io.daytona.cli.api.Json;
import io.daytona.cli.error.CliException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/** A program that runs in a sandbox at the other end of a WebSocket (docs/toolbox.md). */
final class LiveCommand implements WebSocket.Listener {
  /** Input that may be under way; the Toolbox API takes no more. */
  private static final int WINDOW = 256 << 10;

  private static final int PIECE = 32 << 10;
  private static final int SIGINT = 2;
  private static final int NORMAL = 1000;

  /** What a shell shows for a program that wrote into a closed pipe. */
  private static final End OUTPUT_CLOSED = new End(128 + 13, "", "");

  private static final End INTERRUPTED = new End(128 + SIGINT, "", "");

  private final OutputStream out;
  private final OutputStream err;
  private final WebSocket socket;
  private final CompletableFuture<End> end = new CompletableFuture<>();
  private final Semaphore window = new Semaphore(WINDOW);
  private final Object sending = new Object();

  // Of the message that is being received; the client calls the listener from one thread at a time.
  private final StringBuilder text = new StringBuilder();
  private @Nullable OutputStream stream;

  /**
   * Starts it.
   *
   * @param toolbox base of the sandbox's Toolbox API
   * @param request what to run
   * @param out takes its standard output
   * @param err takes its standard error
   */
  LiveCommand(Api api, URI toolbox, Map<String, ?> request, OutputStream out, OutputStream err) {
    this.out = out;
    this.err = err;
    this.socket = api.socket(URI.create(toolbox + "/process/execute"), this);
    send(Json.write(request));
  }

  /**
   * Waits for its end.
   *
   * @throws CliException when the connection ended first
   */
  End await() throws InterruptedException {
    try {
      return end.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof CliException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  /** Asks it to end, and after the time given ends it and all it started. */
  void interrupt(long graceMillis) {
    try {
      send("{\"signal\":" + SIGINT + "}");
      end.get(graceMillis, TimeUnit.MILLISECONDS);
    } catch (TimeoutException | ExecutionException | CompletionException e) {
      end.complete(INTERRUPTED);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      socket.abort();
    }
  }

  /** Feeds it until the input or it ends. */
  void feed(InputStream input) {
    byte[] piece = new byte[PIECE];
    try {
      while (true) {
        int size = Math.max(0, input.read(piece, 1, PIECE - 1));
        window.acquire(size);
        synchronized (sending) {
          socket.sendBinary(ByteBuffer.wrap(piece, 0, size + 1), true).join();
        }
        if (size == 0) {
          return;
        }
      }
    } catch (IOException e) {
      end.completeExceptionally(
          new CliException("cannot read standard input: " + e.getMessage(), ""));
    } catch (CompletionException e) {
      lost(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void send(String message) {
    synchronized (sending) {
      socket.sendText(message, true).join();
    }
  }

  @Override
  public @Nullable CompletionStage<?> onBinary(WebSocket from, ByteBuffer part, boolean last) {
    OutputStream to = stream;
    if (to == null && part.hasRemaining()) {
      to = part.get() == 1 ? out : err;
    }
    byte[] bytes = new byte[part.remaining()];
    part.get(bytes);
    try {
      if (to != null) {
        to.write(bytes);
      }
    } catch (IOException e) {
      end.complete(OUTPUT_CLOSED);
      from.abort();
      return null;
    }
    stream = last ? null : to;
    from.request(1);
    return null;
  }

  @Override
  public @Nullable CompletionStage<?> onText(WebSocket from, CharSequence part, boolean last) {
    text.append(part);
    if (last) {
      understand(text.toString());
      text.setLength(0);
    }
    from.request(1);
    return null;
  }

  private void understand(String text) {
    Map<String, @Nullable Object> message = Json.read(text);
    if (message.get("exitCode") instanceof Integer code) {
      end.complete(End.of(code, message));
    } else if (message.get("taken") instanceof Integer size) {
      window.release(size);
    } else {
      end.completeExceptionally(
          new CliException(
              "the platform sent what is no message", "is it older than this client?"));
    }
  }

  @Override
  public @Nullable CompletionStage<?> onClose(WebSocket from, int code, String reason) {
    String why = reason.isEmpty() ? "" : ": " + reason;
    end.completeExceptionally(
        code == NORMAL || code == 1001
            ? new CliException(
                "the platform or the sandbox went away" + why,
                "the command has been ended; run it again")
            : new CliException("the platform refused the command" + why, ""));
    return null;
  }

  @Override
  public void onError(WebSocket from, Throwable cause) {
    lost(cause);
  }

  private void lost(@Nullable Throwable cause) {
    String why = cause == null || cause.getMessage() == null ? "" : ": " + cause.getMessage();
    end.completeExceptionally(
        new CliException(
            "the connection to the sandbox was lost" + why,
            "the command has been ended; run it again"));
  }
}
