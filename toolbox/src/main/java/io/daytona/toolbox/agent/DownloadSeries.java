package io.daytona.toolbox.agent;

import java.io.InputStream;

/** Regular files being read one after the other. For one thread. */
public interface DownloadSeries extends AutoCloseable {
  /**
   * A file of the series.
   *
   * @param size its bytes; {@link #UNKNOWN} for one that claims to be empty, is not, and is larger
   *     than 64 KiB: its bytes are not given
   * @param bytes exactly that many, to be read to their end before the next file; reading throws
   *     {@link java.io.IOException} when the sandbox has fewer, stops giving them or goes away
   */
  record Content(long size, InputStream bytes) {}

  /** A size that the file does not tell. */
  long UNKNOWN = -1;

  /**
   * The next file, in the order asked for.
   *
   * @throws AgentException when this file cannot be read; the series goes on with the next
   */
  Content next();

  @Override
  void close();
}
