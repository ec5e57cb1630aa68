package io.daytona.toolbox.file;

import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.Upload;
import io.daytona.wire.error.DaytonaException;
import org.jspecify.annotations.Nullable;

/**
 * One file being uploaded. After a failure it swallows what still comes, because a client reads the
 * reply only when it has sent everything (toolbox protocol §6.4). Closing it before {@link #finish}
 * leaves nothing behind.
 */
final class FileSink implements AutoCloseable {
  /** Permissions of uploaded files, also of ones that are replaced. */
  static final int MODE = 0644;

  private final String asked;
  private @Nullable Upload upload;
  private @Nullable DaytonaException failure;

  /** Begins to write a file; a refusal is kept for {@link #finish}. */
  FileSink(SandboxFile file) {
    this.asked = file.asked();
    try {
      upload = file.agent().write(file.absolute(), MODE, true);
    } catch (AgentException e) {
      fail(e);
    }
  }

  /** A file that is refused already. */
  FileSink(SandboxFile file, DaytonaException refusal) {
    this.asked = file.asked();
    this.failure = refusal;
  }

  /** Takes bytes. */
  void write(byte[] bytes, int offset, int length) {
    Upload open = upload;
    if (open == null) {
      return;
    }
    try {
      open.write(bytes, offset, length);
    } catch (AgentException e) {
      fail(e);
    }
  }

  /**
   * Makes the file visible.
   *
   * @return its size in bytes
   * @throws DaytonaException when it could not be written
   */
  long finish() {
    Upload open = upload;
    if (open != null) {
      try {
        return open.commit();
      } catch (AgentException e) {
        fail(e);
      } finally {
        close();
      }
    }
    throw failure == null ? new IllegalStateException("the file is closed") : failure;
  }

  @Override
  public void close() {
    Upload open = upload;
    upload = null;
    if (open != null) {
      open.close();
    }
  }

  private void fail(AgentException e) {
    failure = FileFault.of(e, asked);
    close();
  }
}
