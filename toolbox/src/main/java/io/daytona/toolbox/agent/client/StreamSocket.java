package io.daytona.toolbox.agent.client;

import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentSocket;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Objects;

/** A connection to a port that goes over a stream. */
final class StreamSocket implements AgentSocket {
  private final AgentStream stream;
  private final InputStream input;
  private final OutputStream output;

  StreamSocket(AgentStream stream) {
    this.stream = stream;
    // Closing one direction must not end the other.
    this.input = new StreamInput(stream);
    this.output = new Out(stream);
  }

  @Override
  public InputStream input() {
    return input;
  }

  @Override
  public OutputStream output() {
    return output;
  }

  @Override
  public void close() {
    stream.close();
  }

  private static final class Out extends OutputStream {
    private final AgentStream stream;
    private boolean closed;

    Out(AgentStream stream) {
      this.stream = stream;
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      Objects.checkFromIndexSize(offset, length, bytes.length);
      if (closed) {
        throw new IOException("the output was closed");
      }
      try {
        stream.send(Protocol.STDIN, bytes, offset, length);
      } catch (AgentException e) {
        throw new IOException(e.getMessage(), e);
      }
    }

    @Override
    public void close() {
      if (!closed) {
        closed = true;
        stream.sendEof(Protocol.STDIN);
      }
    }
  }
}
