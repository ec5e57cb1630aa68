package io.daytona.http;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * One row of the endpoint table: the single source for routing, authorization, OpenAPI and metrics
 * names.
 *
 * @param method HTTP method
 * @param path template below the mount point, parameters in braces: {@code /sandbox/{id}}; {@code
 *     /{name...}} at its end takes the rest of the path, which may be absent, see {@link Call#rest}
 * @param operation operation id, unique in its table, as in the reference OpenAPI document where it
 *     has one
 * @param summary one sentence for the OpenAPI document
 * @param access what the caller must have
 * @param body type of the JSON body; {@link Void} for none, {@link java.io.InputStream} for the raw
 *     bytes
 * @param reply type of the JSON reply; {@link Void} for an empty one, {@link RawReply} for anything
 *     streamed
 * @param status status of a successful reply, 200…299
 * @param handler does the work on a virtual thread, may block
 * @param limiter what a request counts for; empty for one that is never counted
 * @param headers request headers that it knows, name to one sentence, for the OpenAPI document
 * @param <B> body
 * @param <R> reply
 */
public record Endpoint<B, R>(
    Method method,
    String path,
    String operation,
    String summary,
    Access access,
    Class<B> body,
    Class<R> reply,
    int status,
    Handler<B, R> handler,
    Optional<Limiter> limiter,
    Map<String, String> headers)
    implements Route {

  /** A row that counts as its access says: by address for the public, else by organization. */
  public Endpoint(
      Method method,
      String path,
      String operation,
      String summary,
      Access access,
      Class<B> body,
      Class<R> reply,
      int status,
      Handler<B, R> handler) {
    this(
        method,
        path,
        operation,
        summary,
        access,
        body,
        reply,
        status,
        handler,
        Limiter.usual(access),
        Map.of());
  }

  /** The same row with a limiter of its own. */
  public Endpoint<B, R> counted(Limiter own) {
    return counted(Optional.of(own));
  }

  /** The same row, never counted. */
  public Endpoint<B, R> uncounted() {
    return counted(Optional.empty());
  }

  private Endpoint<B, R> counted(Optional<Limiter> own) {
    return new Endpoint<>(
        method, path, operation, summary, access, body, reply, status, handler, own, headers);
  }

  /** The same row with a request header that it knows. */
  public Endpoint<B, R> header(String name, String sentence) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put(name, sentence);
    return new Endpoint<>(
        method, path, operation, summary, access, body, reply, status, handler, limiter, more);
  }

  /** Does the work of an endpoint. */
  @FunctionalInterface
  public interface Handler<B, R> {
    /**
     * Answers a call.
     *
     * @return the reply; null exactly when the reply type is {@link Void}
     * @throws io.daytona.wire.error.DaytonaException what the client is to see
     * @throws java.io.IOException when the client or the sandbox went away
     * @throws InterruptedException when the server stops
     */
    @org.jspecify.annotations.Nullable
    R handle(Call<B> call) throws java.io.IOException, InterruptedException;
  }

  /** An endpoint that takes no body and answers 200. */
  public static <R> Endpoint<Void, R> get(
      String path,
      String operation,
      String summary,
      Access access,
      Class<R> reply,
      Handler<Void, R> handler) {
    return new Endpoint<>(
        Method.GET, path, operation, summary, access, Void.class, reply, 200, handler);
  }

  /** An endpoint with a JSON body. */
  public static <B, R> Endpoint<B, R> post(
      String path,
      String operation,
      String summary,
      Access access,
      Class<B> body,
      Class<R> reply,
      int status,
      Handler<B, R> handler) {
    return new Endpoint<>(
        Method.POST, path, operation, summary, access, body, reply, status, handler);
  }
}
