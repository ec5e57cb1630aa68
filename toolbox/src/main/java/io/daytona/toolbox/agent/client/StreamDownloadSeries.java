package io.daytona.toolbox.agent.client;

import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.DownloadSeries;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.agent.PathBytes;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Files that come over one stream, or over as many as their paths need requests. */
final class StreamDownloadSeries implements DownloadSeries {
  /** Bytes of the paths of one request. */
  private static final int MAX_PATHS = 128 * 1024;

  /** Kernels take a quarter of it. */
  private static final int MAX_PATH = 16 * 1024;

  private static final int EOVERFLOW = 75;

  /** Of waits that would be as long again. */
  private static final Set<Integer> WAITS = Set.of(Errno.ETIMEDOUT, Errno.EINTR);

  private final Requests requests;
  private final List<String> paths;
  private final Duration patience;
  private @Nullable AgentStream stream;
  private @Nullable SeriesHeads heads;
  private @Nullable Bytes last;
  private int given;
  private int asked;

  /**
   * @param patience how long nothing may come
   */
  StreamDownloadSeries(Requests requests, List<String> paths, Duration patience) {
    this.requests = requests;
    this.paths = paths;
    this.patience = patience;
  }

  @Override
  public Content next() {
    String path = paths.get(given++);
    if (last != null && last.left > 0) {
      drop();
    }
    last = null;
    if (length(path) > MAX_PATH) {
      throw failure(Errno.ENAMETOOLONG);
    }
    SeriesHeads.Head head = head();
    if (head.errno() == EOVERFLOW) {
      return new Content(UNKNOWN, InputStream.nullInputStream());
    }
    if (head.errno() != 0) {
      throw failure(head.errno());
    }
    Bytes bytes = new Bytes(heads(given).content(), head.size());
    last = bytes;
    return new Content(head.size(), bytes);
  }

  /**
   * What the stream says of the file. When it broke off, the cause may be a later file, so this one
   * is asked for again, alone.
   */
  private SeriesHeads.Head head() {
    try {
      return heads(paths.size()).next();
    } catch (AgentException e) {
      boolean later = asked > given;
      drop();
      if (!later || e.code().equals(AgentException.LOST) || WAITS.contains(e.errno())) {
        throw e;
      }
    }
    return heads(given).next();
  }

  /** The stream with the file that is to be given; a new one asks for files up to the end, too. */
  private SeriesHeads heads(int end) {
    SeriesHeads open = heads;
    if (open != null && asked >= given) {
      return open;
    }
    drop();
    FieldsBuilder request = FieldsBuilder.verb("read-many");
    int bytes = 0;
    for (asked = given - 1; asked < end && bytes < MAX_PATHS; asked++) {
      String path = paths.get(asked);
      if (length(path) > MAX_PATH) {
        break;
      }
      request.text(Tag.PATH, path);
      bytes += length(path);
    }
    AgentStream opened = requests.open(request).stream();
    stream = opened;
    open = requests.heads(opened, patience);
    heads = open;
    return open;
  }

  @Override
  public void close() {
    drop();
  }

  private void drop() {
    AgentStream open = stream;
    stream = null;
    heads = null;
    if (open != null) {
      open.close();
    }
  }

  private static int length(String path) {
    return PathBytes.encode(path).length;
  }

  private static AgentException failure(int errno) {
    return new AgentException(errno, "read", Errno.text(errno).orElse("error " + errno));
  }

  private static final class Bytes extends InputStream {
    private final StreamInput in;
    private long left;

    Bytes(StreamInput in, long size) {
      this.in = in;
      this.left = size;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      Objects.checkFromIndexSize(offset, length, into.length);
      if (length == 0 || left == 0) {
        return left == 0 ? -1 : 0;
      }
      return took(in.read(into, offset, (int) Math.min(length, left)));
    }

    @Override
    public long transferTo(OutputStream out) throws IOException {
      long total = left;
      while (left > 0) {
        took(in.pass(out, left));
      }
      return total;
    }

    private int took(int count) throws IOException {
      if (count <= 0) {
        throw new EOFException("the sandbox ended the stream too early");
      }
      left -= count;
      return count;
    }
  }
}
