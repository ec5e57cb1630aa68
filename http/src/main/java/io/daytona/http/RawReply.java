package io.daytona.http;

import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;

/**
 * A reply that is written as a stream, in constant memory.
 *
 * @param status HTTP status
 * @param contentType media type; empty for none
 * @param contentLength bytes, or -1 when unknown (chunked)
 * @param headers headers that come once, instead of what the listener set
 * @param further headers that may come more than once
 * @param writer writes the body; not called for HEAD
 */
public record RawReply(
    int status,
    String contentType,
    long contentLength,
    Map<String, String> headers,
    List<Map.Entry<String, String>> further,
    Writer writer) {

  /** A reply whose headers come once each. */
  public RawReply(
      int status,
      String contentType,
      long contentLength,
      Map<String, String> headers,
      Writer writer) {
    this(status, contentType, contentLength, headers, List.of(), writer);
  }

  /** Writes the body of a streamed reply. */
  @FunctionalInterface
  public interface Writer {
    /**
     * Writes everything; interrupted when the client is found to have left. An exception after the
     * first byte cuts the connection, so that the client sees a truncated body instead of a
     * complete one.
     */
    void write(OutputStream out) throws IOException, InterruptedException;

    /**
     * Whether it has no end of its own, as a log that is followed. It is interrupted then also when
     * the server stops, so that nobody waits for it.
     */
    default boolean isEndless() {
      return false;
    }

    /** Lets go of what the body was to be read from; called instead of {@link #write}. */
    default void discard() {}
  }
}
