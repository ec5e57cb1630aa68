package io.daytona.toolbox.session.log;

import java.io.IOException;
import java.io.OutputStream;

/** Writes records in one form. Bytes after a marker belong to its channel until the next marker. */
public final class LogEncoder {
  private static final byte[][] MARKERS = {{}, {1, 1, 1}, {2, 2, 2}};

  private final LogForm form;
  private int openChannel;

  /**
   * @param form what is written
   */
  public LogEncoder(LogForm form) {
    this.form = form;
  }

  /** The three bytes before a line of a channel. */
  static byte[] marker(int channel) {
    return MARKERS[channel];
  }

  /** Writes a record, or nothing when the form does not show it. */
  public void write(LogRecord line, OutputStream out) throws IOException {
    if (!form.shows(line.channel())) {
      return;
    }
    // The rest of a line in pieces needs no marker of its own.
    if (form == LogForm.MARKED && openChannel != line.channel()) {
      out.write(MARKERS[line.channel()]);
    }
    openChannel = line.endsLine() ? 0 : line.channel();
    out.write(line.bytes(), line.offset(), line.length());
  }
}
