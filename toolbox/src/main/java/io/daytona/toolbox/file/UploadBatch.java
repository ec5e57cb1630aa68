package io.daytona.toolbox.file;

import io.daytona.toolbox.SandboxPaths;
import io.daytona.toolbox.agent.PathBytes;
import io.daytona.wire.error.DaytonaException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;

/**
 * The files of one bulk upload and what became of each, in the order in which they came. Small
 * files are written several at a time, because each costs round trips to the sandbox; two of the
 * same name one after the other. For one thread.
 */
final class UploadBatch implements AutoCloseable {
  /** Files that are held in memory until they are complete. */
  static final int SMALL = 64 * 1024;

  private static final int AT_ONCE = 16;

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Semaphore room = new Semaphore(AT_ONCE);
  private final List<CompletableFuture<Outcome>> outcomes = new ArrayList<>();
  private final Map<String, CompletableFuture<Outcome>> inFlight = new HashMap<>();

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
    awaitEarlier(file);
    room.acquireUninterruptibly();
    CompletableFuture<Outcome> outcome =
        CompletableFuture.supplyAsync(
            () -> {
              try (FileSink sink = new FileSink(file)) {
                sink.write(content, 0, content.length);
                return finish(file, sink, failurePrefix);
              } finally {
                room.release();
              }
            },
            threads);
    outcomes.add(outcome);
    inFlight.put(name(file), outcome);
  }

  /** Begins a file that is too large to be held. */
  FileSink open(SandboxFile file) {
    awaitEarlier(file);
    return new FileSink(file);
  }

  /** Ends a file that was begun. */
  void close(SandboxFile file, FileSink sink, String failurePrefix) {
    try (sink) {
      outcomes.add(CompletableFuture.completedFuture(finish(file, sink, failurePrefix)));
    }
  }

  /** A part that is no file, or none that can be begun. */
  void failed(String error) {
    outcomes.add(CompletableFuture.completedFuture(new Outcome.Failed(error)));
  }

  /** Waits for all that has begun. */
  List<Outcome> outcomes() {
    return outcomes.stream().map(CompletableFuture::join).toList();
  }

  @Override
  public void close() {
    threads.close();
  }

  private static Outcome finish(SandboxFile file, FileSink sink, String failurePrefix) {
    try {
      return new Outcome.Written(PathBytes.shown(file.asked()), sink.finish());
    } catch (DaytonaException e) {
      return new Outcome.Failed(failurePrefix + e.sentence());
    }
  }

  /** The later one of two files of the same name wins. */
  private void awaitEarlier(SandboxFile file) {
    CompletableFuture<Outcome> earlier = inFlight.remove(name(file));
    if (earlier != null) {
      earlier.join();
    }
    inFlight.values().removeIf(CompletableFuture::isDone);
  }

  private static String name(SandboxFile file) {
    return SandboxPaths.clean(file.absolute());
  }
}
