package io.daytona.toolbox.file;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.agent.UploadSeries;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** Small files that go over one stream, one after the other. */
final class StreamedUploads implements SmallUploads {
  /** As many results as fit the stream's smallest window, so that it never stops for them. */
  private static final int MAX_UNANSWERED = 2_048;

  private final Agent agent;
  private final Deque<Sent> unanswered = new ArrayDeque<>();
  private @Nullable UploadSeries series;

  StreamedUploads(Agent agent) {
    this.agent = agent;
  }

  private record Sent(SandboxFile file, long size, CompletableFuture<Long> result) {}

  @Override
  public CompletableFuture<Long> write(SandboxFile file, byte[] content) {
    CompletableFuture<Long> result = new CompletableFuture<>();
    while (unanswered.size() >= MAX_UNANSWERED) {
      use(this::take);
    }
    unanswered.add(new Sent(file, content.length, result));
    use(open -> open.write(file.absolute(), content));
    return result;
  }

  @Override
  public void await() {
    while (!unanswered.isEmpty()) {
      use(this::take);
    }
  }

  @Override
  public void close() {
    if (series != null) {
      series.close();
      series = null;
    }
  }

  private void take(UploadSeries open) {
    int errno = open.result();
    Sent file = unanswered.remove();
    if (errno == 0) {
      file.result.complete(file.size);
    } else {
      String text = Errno.text(errno).orElse("error " + errno);
      fail(file, new AgentException(errno, "write", text));
    }
  }

  /** After a failure nothing is known of the files without a result; the next gets a new stream. */
  private void use(Consumer<UploadSeries> action) {
    try {
      UploadSeries open = series;
      if (open == null) {
        open = agent.writeMany(FileSink.MODE);
        series = open;
      }
      action.accept(open);
    } catch (AgentException e) {
      unanswered.forEach(file -> fail(file, e));
      unanswered.clear();
      close();
    }
  }

  private static void fail(Sent file, AgentException cause) {
    file.result.completeExceptionally(FileFault.of(cause, file.file.asked()));
  }
}
