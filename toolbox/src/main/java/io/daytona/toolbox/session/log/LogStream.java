package io.daytona.toolbox.session.log;

import io.daytona.toolbox.agent.AgentException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import org.jspecify.annotations.Nullable;

/** A log as bytes in one form; closing it closes its reader. */
public final class LogStream extends InputStream {
  private static final int BATCH = 32_768;

  private final LogReader reader;
  private final LogEncoder encoder;
  private final ByteArrayOutputStream batch = new ByteArrayOutputStream(1_024);
  private byte[] bytes = new byte[0];
  private int at;
  private boolean ended;

  /**
   * @param reader gives the records
   * @param form how they are written
   */
  public LogStream(LogReader reader, LogForm form) {
    this.reader = reader;
    this.encoder = new LogEncoder(form);
  }

  @Override
  public int read() throws IOException {
    return fill() ? bytes[at++] & 0xff : -1;
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    if (!fill()) {
      return -1;
    }
    int n = Math.min(length, bytes.length - at);
    System.arraycopy(bytes, at, target, offset, n);
    at += n;
    return n;
  }

  private boolean fill() throws IOException {
    if (at < bytes.length) {
      return true;
    }
    batch.reset();
    while (!ended && batch.size() < BATCH) {
      LogRecord line = next();
      if (line == null) {
        ended = true;
      } else {
        encoder.write(line, batch);
      }
    }
    bytes = batch.toByteArray();
    at = 0;
    return bytes.length > 0;
  }

  private @Nullable LogRecord next() throws IOException {
    try {
      return reader.next(true);
    } catch (AgentException e) {
      throw new IOException("the sandbox went away while its log was read", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("the server is stopping");
    }
  }

  @Override
  public void close() {
    reader.close();
  }
}
