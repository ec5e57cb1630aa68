package io.daytona.toolbox.terminal;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * Who reads the output of which process, so that none is forgotten under its readers. Safe for
 * threads.
 */
final class Attendance {
  private final Map<String, Integer> readers = new HashMap<>();
  private final Set<String> ended = new HashSet<>();
  private final Set<String> deleted = new HashSet<>();

  /** Begins to read. */
  synchronized void enter(String process) {
    readers.merge(process, 1, Integer::sum);
  }

  /**
   * Stops reading.
   *
   * @param end whether its end was read
   * @return whether the process has ended and nobody reads any more
   */
  synchronized boolean leave(String process, boolean end) {
    if (end) {
      ended.add(process);
    }
    readers.computeIfPresent(process, (id, count) -> count == 1 ? null : count - 1);
    return ended.contains(process) && !isRead(process);
  }

  synchronized boolean isRead(String process) {
    return readers.containsKey(process);
  }

  /** Notes that a client deleted it. */
  synchronized void deleted(String process) {
    deleted.add(process);
  }

  synchronized boolean isDeleted(String process) {
    return deleted.contains(process);
  }

  /** Drops what is noted about a process that the agent has forgotten. */
  synchronized void forget(String process) {
    ended.remove(process);
    deleted.remove(process);
  }

  /** Whether nobody reads anything. */
  synchronized boolean isEmpty() {
    return readers.isEmpty();
  }
}
