package io.daytona.toolbox.session.log;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.Download;
import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A log in a file of the sandbox, with markers (toolbox protocol §3.4).
 *
 * @param agent reads the file
 * @param path the file
 */
public record SavedLog(Agent agent, String path) implements CommandLog {
  private static final int BUFFER = 65_536;
  private static final int MARKER = 3;

  @Override
  public LogReader snapshot() {
    return reader(agent.read(path, 0, -1));
  }

  @Override
  public LogReader follow() {
    return snapshot();
  }

  /** Reads a file as it was downloaded. */
  static LogReader reader(Download file) {
    return new Reader(file);
  }

  /** Bytes after a marker belong to its channel until the next; those before the first to none. */
  private static final class Reader implements LogReader {
    private final Download file;
    private final InputStream in;
    private final LineSplitter lines = new LineSplitter();
    private final byte[] buffer = new byte[BUFFER];
    private int channel;
    private int same;
    private int sameByte;
    private boolean ended;

    Reader(Download file) {
      this.file = file;
      this.in = file.bytes();
    }

    @Override
    public @Nullable LogRecord next(boolean wait) throws IOException {
      while (true) {
        LogRecord record = lines.poll();
        if (record != null || ended) {
          return record;
        }
        int n = in.read(buffer);
        if (n < 0) {
          flushMarker();
          lines.finish();
          ended = true;
        } else {
          split(n);
        }
      }
    }

    private void split(int length) {
      byte[] text = new byte[length + MARKER];
      int size = 0;
      for (int i = 0; i < length; i++) {
        byte b = buffer[i];
        boolean mark = b == LogRecord.STDOUT || b == LogRecord.STDERR;
        if (same > 0 && (!mark || b != sameByte)) {
          for (; same > 0; same--) {
            text[size++] = (byte) sameByte;
          }
        }
        if (!mark) {
          text[size++] = b;
          continue;
        }
        sameByte = b;
        if (++same == MARKER) {
          same = 0;
          emit(text, size);
          text = new byte[length - i + MARKER];
          size = 0;
          channel = b;
        }
      }
      emit(text, size);
    }

    private void flushMarker() {
      byte[] rest = new byte[same];
      Arrays.fill(rest, (byte) sameByte);
      emit(rest, same);
    }

    private void emit(byte[] text, int size) {
      if (channel != 0 && size > 0) {
        lines.add(channel, text, size);
      }
    }

    @Override
    public long lost() {
      return 0;
    }

    @Override
    public void close() {
      file.close();
    }
  }
}
