package io.daytona.toolbox.file;

import io.daytona.toolbox.SandboxPaths;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;

/**
 * Small files for an agent that takes one with each request: several at a time, because each costs
 * round trips.
 */
final class ParallelUploads implements SmallUploads {
  private static final int AT_ONCE = 16;

  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final Semaphore room = new Semaphore(AT_ONCE);
  private final Map<String, CompletableFuture<Long>> inFlight = new HashMap<>();

  @Override
  public CompletableFuture<Long> write(SandboxFile file, byte[] content) {
    String name = SandboxPaths.clean(file.absolute());
    CompletableFuture<Long> earlier = inFlight.remove(name);
    if (earlier != null) {
      settle(earlier);
    }
    inFlight.values().removeIf(CompletableFuture::isDone);
    room.acquireUninterruptibly();
    CompletableFuture<Long> result =
        CompletableFuture.supplyAsync(
            () -> {
              try (FileSink sink = new FileSink(file)) {
                sink.write(content, 0, content.length);
                return sink.finish();
              } finally {
                room.release();
              }
            },
            threads);
    inFlight.put(name, result);
    return result;
  }

  @Override
  public void await() {
    inFlight.values().forEach(ParallelUploads::settle);
    inFlight.clear();
  }

  @Override
  public void close() {
    threads.close();
  }

  /** Whatever becomes of it is told by its own future. */
  private static void settle(CompletableFuture<Long> file) {
    file.handle((size, failure) -> size).join();
  }
}
