package io.daytona.wire.failpoint;

/**
 * Named places after every journalled step where a test ends the process exactly there.
 *
 * <p>A process started with the environment variable {@code DAYTONA_SERVER_FAILPOINT=name[:n]}
 * halts without any clean-up, as kill -9 would, when it passes the named place for the n-th time
 * (default 1). Without the variable passing costs one comparison.
 */
public interface Failpoints {

  /** Never ends anything. */
  Failpoints NONE = name -> {};

  /** Passes the named place. */
  void pass(String name);

  /** The failpoints of a {@code name[:n]} specification; null or empty means none. */
  static Failpoints parse(@org.jspecify.annotations.Nullable String specification) {
    if (specification == null || specification.isEmpty()) {
      return NONE;
    }
    int colon = specification.indexOf(':');
    String armed = colon < 0 ? specification : specification.substring(0, colon);
    int count = colon < 0 ? 1 : Integer.parseInt(specification.substring(colon + 1));
    return new HaltingFailpoints(armed, count);
  }
}
