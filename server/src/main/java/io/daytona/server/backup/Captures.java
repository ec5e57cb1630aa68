package io.daytona.server.backup;

import io.daytona.runner.jailer.Inventory;
import io.daytona.runner.jailer.JailerClient;
import io.daytona.runner.jailer.JailerCode;
import io.daytona.runner.jailer.JailerException;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies of sandboxes' disks in the pool, each as the disk was at one moment. A server that starts
 * drops those that a killed backup left, because no row knows them.
 */
final class Captures implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Captures.class);
  private static final String PREFIX = "backup";
  private static final int ATTEMPTS = 50;
  private static final long PAUSE_MILLIS = 100;

  private final JailerClient jailer;
  private final List<String> names = new ArrayList<>();

  Captures(JailerClient jailer) {
    this.jailer = jailer;
  }

  /** Drops what an earlier backup left. */
  void clear() {
    for (Inventory.Disk disk : jailer.list().disks()) {
      if (disk.id().startsWith(PREFIX)) {
        jailer.diskDrop(disk.id());
      }
    }
  }

  /** Name of the copy of a sandbox's disk. */
  static String name(String sandbox) {
    return PREFIX + sandbox.replace("-", "");
  }

  /**
   * Copies a disk; its sandbox stands still meanwhile.
   *
   * @return false when there is none (any more)
   * @throws JailerException when it cannot be copied
   */
  boolean take(String sandbox) throws InterruptedException {
    String name = name(sandbox);
    for (int attempt = 1; ; attempt++) {
      try {
        jailer.diskCapture(sandbox, name);
        names.add(name);
        return true;
      } catch (JailerException e) {
        if (e.code() == JailerCode.ABSENT) {
          return false;
        }
        if (e.code() != JailerCode.BUSY || attempt == ATTEMPTS) {
          throw e;
        }
        // It is just being started or ended.
        Thread.sleep(PAUSE_MILLIS);
      }
    }
  }

  /** Drops all copies. */
  @Override
  public void close() {
    for (String name : names) {
      try {
        jailer.diskDrop(name);
      } catch (RuntimeException e) {
        LOG.warn("the copy {} is left to the server's next start: {}", name, e.getMessage());
      }
    }
    names.clear();
  }
}
