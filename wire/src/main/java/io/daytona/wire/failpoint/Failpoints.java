package io.daytona.wire.failpoint;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Named places behind every journalled step where a test holds a thread, to kill something exactly
 * there.
 *
 * <p>A process that was given a directory looks there for a file of the place's name each time it
 * passes one. If there is one, it is renamed to {@code name.reached} and the passing thread waits
 * until that is removed; so a place strikes once for each file. Without a directory, as in
 * production, passing costs one call that does nothing.
 */
public interface Failpoints {

  /** Never holds anybody. */
  Failpoints NONE = name -> {};

  /** Passes the named place. */
  void pass(String name);

  /** The failpoints that files in a directory arm; null means none. */
  static Failpoints in(@Nullable Path directory) {
    return directory == null ? NONE : new HoldingFailpoints(directory);
  }
}
