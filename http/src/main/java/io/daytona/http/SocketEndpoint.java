package io.daytona.http;

import java.io.IOException;

/**
 * One WebSocket row of the endpoint table. The same path may also have a row for plain GET
 * requests: a request that asks for the upgrade comes here, any other goes there.
 *
 * @param path template below the mount point, parameters in braces
 * @param operation operation id, unique in its table
 * @param summary one sentence for the OpenAPI document
 * @param access what the caller must have
 * @param acceptor decides before the upgrade
 */
public record SocketEndpoint(
    String path, String operation, String summary, Access access, Acceptor acceptor)
    implements Route {

  /** Decides about an upgrade while the client can still be answered by HTTP. */
  @FunctionalInterface
  public interface Acceptor {
    /**
     * Prepares what the socket is for; the call must not be used any more after this returned.
     *
     * @return what serves the socket once it is open
     * @throws io.daytona.wire.error.DaytonaException what the client is to see instead of the
     *     upgrade
     */
    Conversation accept(SocketCall call) throws IOException, InterruptedException;
  }

  /** Serves one open socket. */
  @FunctionalInterface
  public interface Conversation {
    /**
     * Runs on a virtual thread of its own. When it returns the socket is closed with 1000 unless it
     * was closed already; an exception closes it with 1011.
     */
    void run(WebSocket socket) throws IOException, InterruptedException;

    /** Lets go of what was prepared; called instead of {@link #run} when the upgrade fails. */
    default void discard() {}
  }
}
