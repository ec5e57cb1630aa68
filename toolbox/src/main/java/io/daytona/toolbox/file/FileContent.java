package io.daytona.toolbox.file;

import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.Download;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;

/**
 * What a file holds, as far as it is known before it is sent. The files of {@code /proc} claim to
 * be empty and those of {@code /sys} to be larger than they are, so what is small is read first.
 *
 * @param bytes the bytes
 * @param size how many; {@link #UNKNOWN} for a large file that claims to be empty
 */
record FileContent(InputStream bytes, long size) {
  static final long UNKNOWN = -1;

  private static final int SMALL = 64 * 1024;

  /**
   * The content of a file that is read from its beginning to its end.
   *
   * @throws AgentException when the sandbox's kernel refuses to read it
   */
  static FileContent of(Download download) {
    long claimed = download.stat().size();
    if (claimed > SMALL) {
      return new FileContent(download.bytes(), claimed);
    }
    byte[] head = head(download);
    InputStream start = new ByteArrayInputStream(head);
    if (head.length <= SMALL) {
      return new FileContent(start, head.length);
    }
    InputStream all = new SequenceInputStream(start, download.bytes());
    return new FileContent(all, claimed == 0 ? UNKNOWN : claimed);
  }

  private static byte[] head(Download download) {
    try {
      return download.bytes().readNBytes(SMALL + 1);
    } catch (IOException e) {
      if (e.getCause() instanceof AgentException agent) {
        throw agent;
      }
      throw DaytonaException.of(
          ErrorKind.BAD_GATEWAY, "The sandbox went away while the file was read.", e);
    }
  }
}
