package io.daytona.toolbox.telemetry;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.io.entity.ByteArrayEntity;
import org.apache.hc.core5.io.CloseMode;
import org.jspecify.annotations.Nullable;

/**
 * An OTLP receiver, reached over HTTP with messages in protobuf.
 *
 * <p>One that fails is left alone for a while: everything that would be sent meanwhile is answered
 * {@link Delivery#LATER} at once, so that it costs the threads of its sandboxes nothing.
 */
final class Collector implements AutoCloseable {
  private static final ContentType PROTOBUF = ContentType.create("application/x-protobuf");
  private static final Duration LONGEST_REST = Duration.ofSeconds(10);
  private static final int MAX_REPLY = 65_536;

  private final URI base;
  private final CloseableHttpClient client;
  private final Duration patience;
  private final Duration rest;
  private final Complaints complaints;
  private volatile boolean resting;
  private volatile long restsUntil;

  /**
   * @param base its URL without {@code /v1/…}
   * @param client closed with this
   * @param interval time between two exports of one sandbox
   * @param patience time for one message in all
   * @param complaints hears of failures
   */
  Collector(
      URI base,
      CloseableHttpClient client,
      Duration interval,
      Duration patience,
      Complaints complaints) {
    this.base = base;
    this.client = client;
    this.patience = patience;
    Duration half = interval.dividedBy(2);
    this.rest = half.compareTo(LONGEST_REST) < 0 ? half : LONGEST_REST;
    this.complaints = complaints;
  }

  /** Its URL without {@code /v1/…}. */
  URI base() {
    return base;
  }

  /** Sends one message; returns after {@code patience} at the latest. */
  Delivery send(Signal signal, String token, byte[] message) {
    if (resting && System.nanoTime() - restsUntil < 0) {
      complaints.note(base, null);
      return Delivery.LATER;
    }
    HttpPost post = new HttpPost(Endpoints.of(base, signal));
    post.setHeader("sandbox-auth-token", token);
    post.setEntity(new ByteArrayEntity(message, PROTOBUF));
    CompletableFuture<Boolean> deadline =
        new CompletableFuture<Boolean>()
            .completeOnTimeout(true, patience.toMillis(), TimeUnit.MILLISECONDS);
    CompletableFuture<Void> ended =
        deadline.thenAccept(passed -> {
          if (passed) {
            post.cancel();
          }
        });
    try {
      return judge(status(post));
    } catch (IOException e) {
      // Messages of the client name host and port, never headers.
      fail(ended.isDone() ? "no reply in time" : e.getClass().getSimpleName());
      return Delivery.LATER;
    } finally {
      deadline.complete(false);
    }
  }

  private int status(HttpPost post) throws IOException {
    try (ClassicHttpResponse reply = client.executeOpen(null, post, null)) {
      HttpEntity entity = reply.getEntity();
      if (entity != null) {
        // Read to its end so that the connection can serve again, but not for ever.
        try (InputStream body = entity.getContent()) {
          if (body.readNBytes(MAX_REPLY).length == MAX_REPLY) {
            throw new IOException("the reply is too long");
          }
        }
      }
      return reply.getCode();
    }
  }

  /** As the OTLP specification says which replies may be repeated. */
  private Delivery judge(int status) {
    if (status >= 200 && status < 300) {
      resting = false;
      return Delivery.TAKEN;
    }
    if (status == 429 || status == 502 || status == 503 || status == 504) {
      fail("HTTP " + status);
      return Delivery.LATER;
    }
    complaints.note(base, "HTTP " + status);
    return Delivery.REFUSED;
  }

  private void fail(@Nullable String reason) {
    restsUntil = System.nanoTime() + rest.toNanos();
    resting = true;
    complaints.note(base, reason);
  }

  @Override
  public void close() {
    client.close(CloseMode.GRACEFUL);
  }
}
