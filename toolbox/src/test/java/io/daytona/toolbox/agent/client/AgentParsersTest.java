package io.daytona.toolbox.agent.client;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ScatteringByteChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What an agent may say: fields and frames of any bytes. The first byte chooses the parser. */
public final class AgentParsersTest {
  /** Valid inputs, in ISO 8859-1. */
  public static final List<String> SEEDS =
      List.of(
          "f\u0014\0\0\0\u0001p\u0015\0\0\0\u0008\0\0\0\0\0\0\0\u0007\u0008\0\0\0\0",
          "r\0\0\0\u0002\u0005\u0001\0\0\0\0\0\u0001ab\0\0\0\0\u0006\u0001\0\0\0\0\0\u0001");

  /** The entry point of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] input) throws IOException {
    accepts(input);
  }

  static boolean accepts(byte[] input) throws IOException {
    if (input.length == 0) {
      return false;
    }
    try {
      if (input[0] == 'f') {
        fields(Fields.parse(input, 1, input.length - 1));
        return true;
      }
      if (input[0] == 'r') {
        return frames(Arrays.copyOfRange(input, 1, input.length));
      }
    } catch (ProtocolViolation e) {
      return false;
    }
    return false;
  }

  private static void fields(Fields fields) throws ProtocolViolation {
    refused(() -> assertTrue(FileStats.of(fields).mode() <= 07777));
    refused(() -> assertTrue(ProcessRequests.processInfo(fields).pid() >= 0));
    refused(() -> assertTrue(!IdentityRequests.variables(fields).containsKey("")));
    for (int tag = 0; tag < 64; tag++) {
      try {
        fields.path(tag);
        fields.texts(tag);
        fields.text(tag);
        fields.number(tag, 1, 0, 9);
        fields.flag(tag);
        for (Fields entry : fields.nested(tag)) {
          entry.text(tag);
        }
      } catch (ProtocolViolation e) {
        // The next tag may be of the type that is asked for.
        assertTrue(e.getMessage() != null && e.getMessage().length() < 200);
      }
    }
  }

  private interface Reading {
    void read() throws ProtocolViolation;
  }

  private static void refused(Reading reading) {
    try {
      reading.read();
    } catch (ProtocolViolation e) {
      assertTrue(e.getMessage() != null && e.getMessage().length() < 200);
    }
  }

  private static boolean frames(byte[] bytes) throws IOException, ProtocolViolation {
    FrameReader reader = new FrameReader(new Bytes(new ByteArrayInputStream(bytes)));
    int count = 0;
    try {
      while (true) {
        FrameReader.Frame frame = reader.next();
        assertTrue(frame.payload().length <= bytes.length, "a frame of bytes that never came");
        count++;
      }
    } catch (EOFException e) {
      return count > 0;
    }
  }

  @Test
  void seedsAreAccepted() throws IOException {
    for (String seed : SEEDS) {
      assertTrue(accepts(seed.getBytes(StandardCharsets.ISO_8859_1)), seed);
    }
  }

  /** A channel that gives few bytes at a time. */
  private record Bytes(InputStream in) implements ScatteringByteChannel {
    @Override
    public int read(ByteBuffer to) throws IOException {
      byte[] some = in.readNBytes(Math.min(to.remaining(), 7));
      to.put(some);
      return some.length == 0 ? -1 : some.length;
    }

    @Override
    public long read(ByteBuffer[] to, int offset, int length) throws IOException {
      for (int i = offset; i < offset + length; i++) {
        if (to[i].hasRemaining()) {
          return read(to[i]);
        }
      }
      return 0;
    }

    @Override
    public long read(ByteBuffer[] to) throws IOException {
      return read(to, 0, to.length);
    }

    @Override
    public boolean isOpen() {
      return true;
    }

    @Override
    public void close() {
      // Nothing is held.
    }
  }
}
