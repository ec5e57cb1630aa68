package io.daytona.http;

import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** A table with one endpoint for each thing a listener can do. */
final class TestTable {
  /** Opened by a test to let {@code /hold} go. */
  final CountDownLatch release = new CountDownLatch(1);

  /** Counted down when {@code /hold} runs. */
  final CountDownLatch held = new CountDownLatch(1);

  /** Counted down when a streamed reply was discarded. */
  final CountDownLatch discarded = new CountDownLatch(1);

  record Thing(
      String name, int cpu, @Nullable Map<String, String> labels, @Nullable List<Part> parts) {}

  record Part(boolean on, Kind kind) {}

  enum Kind {
    SMALL,
    LARGE
  }

  record Seen(
      String id, Map<String, List<String>> query, String uri, String origin, String principal) {}

  static final Authenticator BEARER =
      (call, endpoint) -> {
        Optional<String> token = call.header("Authorization");
        if (token.isEmpty()) {
          throw DaytonaException.of(ErrorKind.UNAUTHORIZED, "Invalid credentials");
        }
        return token.get();
      };

  static final ErrorRenderer ERRORS =
      (error, method, uri) ->
          Map.of(
              "statusCode",
              error.kind().status(),
              "message",
              error.sentence(),
              "path",
              uri,
              "code",
              error.code());

  List<Endpoint<?, ?>> endpoints() {
    return List.of(
        Endpoint.get(
            "/thing/{id}",
            "getThing",
            "Tells what arrived.",
            Access.MEMBER,
            Seen.class,
            call ->
                new Seen(
                    call.path("id"),
                    call.queryMap(),
                    call.uri(),
                    call.origin(),
                    call.principal(String.class))),
        Endpoint.get(
            "/thing/fixed",
            "getFixed",
            "Wins over the parameter.",
            Access.PUBLIC,
            String.class,
            call -> "fixed"),
        Endpoint.post(
            "/thing",
            "postThing",
            "Answers its body.",
            Access.PUBLIC,
            Thing.class,
            Thing.class,
            201,
            call -> {
              call.timing("db", 1.5);
              return call.body();
            }),
        Endpoint.post(
            "/count",
            "count",
            "Counts the bytes of its body.",
            Access.PUBLIC,
            InputStream.class,
            Long.class,
            200,
            call -> call.body().transferTo(OutputStream.nullOutputStream())),
        Endpoint.get(
            "/stream/{bytes}",
            "stream",
            "Streams bytes.",
            Access.PUBLIC,
            RawReply.class,
            call -> stream(Long.parseLong(call.path("bytes")))),
        Endpoint.get(
            "/broken", "broken", "Breaks off.", Access.PUBLIC, RawReply.class, call -> broken()),
        new Endpoint<>(
            Method.DELETE,
            "/thing/{id}",
            "deleteThing",
            "Answers nothing.",
            Access.PUBLIC,
            Void.class,
            Void.class,
            204,
            call -> null),
        Endpoint.get(
            "/bug",
            "bug",
            "Fails unexpectedly.",
            Access.PUBLIC,
            String.class,
            call -> {
              throw new IllegalStateException("secret detail");
            }),
        Endpoint.get(
            "/busy",
            "busy",
            "Asks to come back.",
            Access.PUBLIC,
            String.class,
            call -> {
              throw DaytonaException.unavailable("no slot", Duration.ofMillis(1500));
            }),
        Endpoint.get(
            "/hold",
            "hold",
            "Answers when told.",
            Access.PUBLIC,
            String.class,
            call -> {
              held.countDown();
              release.await();
              return "done";
            }));
  }

  private RawReply stream(long bytes) {
    return new RawReply(
        200,
        "application/octet-stream",
        bytes,
        Map.of("X-Extra", "yes"),
        new RawReply.Writer() {
          @Override
          public void write(OutputStream out) throws IOException {
            byte[] chunk = new byte[64 << 10];
            for (long left = bytes; left > 0; left -= chunk.length) {
              out.write(chunk, 0, (int) Math.min(left, chunk.length));
            }
          }

          @Override
          public void discard() {
            discarded.countDown();
          }
        });
  }

  private static RawReply broken() {
    return new RawReply(
        200,
        "text/plain",
        -1,
        Map.of(),
        out -> {
          out.write("first".getBytes(StandardCharsets.UTF_8));
          out.flush();
          throw new IOException("the source went away");
        });
  }
}
