package io.daytona.toolbox.agent;

import java.io.InputStream;

/** A regular file being read. */
public interface Download extends AutoCloseable {
  /** The file as it was when opened. */
  FileStat stat();

  /**
   * Its bytes; reading throws {@link java.io.IOException} when the sandbox goes away or gives
   * nothing for too long.
   */
  InputStream bytes();

  @Override
  void close();
}
