package io.daytona.toolbox.file;

import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.agent.PathBytes;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * The files of one bulk upload and what became of each, in the order in which they came. For one
 * thread.
 */
final class UploadBatch implements AutoCloseable {
  /** Files that are held in memory until they are complete. */
  static final int SMALL = 64 * 1024;

  private final SmallUploads small;
  private final List<CompletableFuture<Outcome>> outcomes = new ArrayList<>();
  private volatile @Nullable DaytonaException stuck;

  UploadBatch(Running sandbox) {
    small = SmallUploads.to(sandbox.agent());
  }

  /** What became of a part. */
  sealed interface Outcome {
    /**
     * A file was written.
     *
     * @param path path as asked for
     * @param bytes its size
     */
    record Written(String path, long bytes) implements Outcome {}

    /**
     * A part failed.
     *
     * @param error sentence
     */
    record Failed(String error) implements Outcome {}
  }

  /** Writes a file that is complete. */
  void write(SandboxFile file, byte[] content, String failurePrefix) {
    CompletableFuture<Long> size =
        stuck == null ? small.write(file, content) : CompletableFuture.failedFuture(stuck);
    add(file, size, failurePrefix);
  }

  /** Begins a file that is too large to be held. */
  FileSink open(SandboxFile file) {
    small.await();
    return stuck == null ? new FileSink(file) : new FileSink(file, stuck);
  }

  /** Ends a file that was begun. */
  void close(SandboxFile file, FileSink sink, String failurePrefix) {
    CompletableFuture<Long> size = new CompletableFuture<>();
    try (sink) {
      size.complete(sink.finish());
    } catch (DaytonaException e) {
      size.completeExceptionally(e);
    }
    add(file, size, failurePrefix);
  }

  /** A part that is no file, or none that can be begun. */
  void failed(String error) {
    outcomes.add(CompletableFuture.completedFuture(new Outcome.Failed(error)));
  }

  /** Waits for all that has begun. */
  List<Outcome> outcomes() {
    small.await();
    return outcomes.stream().map(CompletableFuture::join).toList();
  }

  @Override
  public void close() {
    small.close();
  }

  private void add(SandboxFile file, CompletableFuture<Long> size, String failurePrefix) {
    outcomes.add(
        size.handle((bytes, failure) -> {
          if (failure == null) {
            return new Outcome.Written(PathBytes.shown(file.asked()), bytes);
          }
          return new Outcome.Failed(failurePrefix + noticed(failure).sentence());
        }));
  }

  /** What takes no file for minutes would take as long to refuse each of the others. */
  private DaytonaException noticed(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    if (!(cause instanceof DaytonaException known)) {
      throw new CompletionException(cause);
    }
    if (known.kind() == ErrorKind.GATEWAY_TIMEOUT) {
      stuck = known;
    }
    return known;
  }
}
