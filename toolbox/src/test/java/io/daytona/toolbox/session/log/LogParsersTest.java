package io.daytona.toolbox.session.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.toolbox.agent.Download;
import io.daytona.toolbox.agent.FileStat;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Output of commands as it is split into lines: pieces with a byte for the channel and one for the
 * length before each.
 */
public final class LogParsersTest {
  /** Valid inputs, in ISO 8859-1. */
  public static final List<String> SEEDS =
      List.of(
          "\u0000\u0008one\ntwo.\u0001\u0007errors\n\u0000\u0001!",
          "\u0001\u0005\n\n\n\n\n",
          "sold\u0001\u0001\u0001one\u0002\u0002\u0002two\n\u0002\u0001\u0001");

  /** The entry point of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] input) throws IOException, InterruptedException {
    accepts(input);
  }

  static boolean accepts(byte[] input) throws IOException, InterruptedException {
    if (input.length > 0 && input[0] == 's') {
      return saved(Arrays.copyOfRange(input, 1, input.length));
    }
    LineSplitter lines = new LineSplitter();
    ByteArrayOutputStream[] sent = {new ByteArrayOutputStream(), new ByteArrayOutputStream()};
    for (int at = 0; at + 1 < input.length; ) {
      int channel = 1 + (input[at] & 1);
      int end = Math.min(input.length, at + 2 + Byte.toUnsignedInt(input[at + 1]));
      byte[] piece = Arrays.copyOfRange(input, at + 2, end);
      sent[channel - 1].writeBytes(piece);
      lines.add(channel, piece, piece.length);
      at = end;
    }
    lines.finish();
    return shown(lines, sent) > 0;
  }

  private static boolean saved(byte[] file) throws IOException, InterruptedException {
    int bytes = 0;
    try (LogReader log = SavedLog.reader(new SavedFile(new ByteArrayInputStream(file)))) {
      for (LogRecord record = log.next(false); record != null; record = log.next(false)) {
        assertTrue(record.channel() == LogRecord.STDOUT || record.channel() == LogRecord.STDERR);
        bytes += record.length();
      }
    }
    assertTrue(bytes <= file.length, "output that was never saved");
    return bytes > 0;
  }

  /** Nothing is lost, and nothing added but the end of the last line. */
  private static int shown(LineSplitter lines, ByteArrayOutputStream[] sent)
      throws IOException, InterruptedException {
    ByteArrayOutputStream[] got = {new ByteArrayOutputStream(), new ByteArrayOutputStream()};
    LogEncoder[] encoders = {new LogEncoder(LogForm.STDOUT), new LogEncoder(LogForm.STDERR)};
    LogFrames frames =
        new LogFrames((bytes, offset, length) -> assertTrue(length <= LogFrames.MAX), true);
    int records = 0;
    for (LogRecord record = lines.poll(); record != null; record = lines.poll()) {
      assertTrue(record.length() > 0, "an empty record");
      frames.add(record);
      for (int form = 0; form < got.length; form++) {
        encoders[form].write(record, got[form]);
      }
      records++;
    }
    frames.flush();
    for (int channel = 0; channel < got.length; channel++) {
      String bytes = sent[channel].toString(StandardCharsets.ISO_8859_1);
      String ended = bytes.isEmpty() || bytes.endsWith("\n") ? bytes : bytes + "\n";
      assertEquals(ended, got[channel].toString(StandardCharsets.ISO_8859_1), "other output");
    }
    return records;
  }

  @Test
  void seedsAreAccepted() throws IOException, InterruptedException {
    for (String seed : SEEDS) {
      assertTrue(accepts(seed.getBytes(StandardCharsets.ISO_8859_1)), seed);
    }
  }

  private record SavedFile(InputStream bytes) implements Download {
    @Override
    public FileStat stat() {
      throw new UnsupportedOperationException("nobody asks");
    }

    @Override
    public void close() {
      // Nothing is held.
    }
  }
}
