package io.daytona.toolbox.agent;

import org.jspecify.annotations.Nullable;

/** Entries of a directory, in the order of the file system, in constant memory. */
public interface FileListing extends AutoCloseable {
  /** The next entry, or null at the end. */
  @Nullable FileStat next() throws InterruptedException;

  @Override
  void close();
}
