package io.daytona.toolbox.agent.client;

import io.daytona.toolbox.agent.UploadSeries;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;

/** Files that go over one stream, in large pieces: each piece costs the agent a turn. */
final class StreamUploadSeries implements UploadSeries {
  private static final int PIECE = 64 * 1024;

  private final AgentStream stream;
  private final SeriesHeads results;
  private final int mode;
  private final Duration patience;
  private final ByteArrayOutputStream waiting = new ByteArrayOutputStream(2 * PIECE);

  /**
   * @param patience how long nothing may go on
   */
  StreamUploadSeries(Requests requests, AgentStream stream, int mode, Duration patience) {
    this.stream = stream;
    this.results = requests.heads(stream, patience);
    this.mode = mode;
    this.patience = patience;
  }

  @Override
  public void write(String path, byte[] content) {
    byte[] head =
        new FieldsBuilder()
            .text(Tag.PATH, path)
            .number(Tag.MODE, mode)
            .number(Tag.SIZE, content.length)
            .bytes();
    waiting.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(head.length).array());
    waiting.writeBytes(head);
    waiting.writeBytes(content);
    if (waiting.size() >= PIECE) {
      flush();
    }
  }

  @Override
  public int result() {
    flush();
    return results.next().errno();
  }

  @Override
  public void close() {
    stream.close();
  }

  private void flush() {
    byte[] bytes = waiting.toByteArray();
    waiting.reset();
    stream.send(Protocol.STDIN, bytes, 0, bytes.length, patience);
  }
}
