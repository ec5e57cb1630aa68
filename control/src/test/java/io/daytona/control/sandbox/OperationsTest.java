package io.daytona.control.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import io.daytona.wire.sandbox.SandboxState;
import java.time.Instant;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;

class OperationsTest {
  private final Operations operations = new Operations();

  @Test
  void whoSawTheSettledRowIsNotRefusedWhileTheOperationLetsGo() throws Exception {
    Sandbox stopped = row(SandboxState.STOPPED);
    Operation stop = operations.begin(stopped.id(), Operation.Kind.STOP);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      CompletableFuture<Operation> start = new CompletableFuture<>();
      threads.execute(() -> {
        try {
          start.complete(operations.begin(stopped, Operation.Kind.START));
        } catch (DaytonaException | InterruptedException e) {
          start.completeExceptionally(e);
        }
      });
      stop.close();
      assertEquals(Operation.Kind.START, start.get().kind());
    }
  }

  @Test
  void whoSawItPassingIsRefusedAtOnce() {
    Sandbox stopping = row(SandboxState.STOPPING);
    operations.begin(stopping.id(), Operation.Kind.STOP);
    assertEquals(
        ErrorKind.CONFLICT,
        assertThrows(DaytonaException.class, () -> operations.begin(stopping, Operation.Kind.START))
            .kind());
  }

  @Test
  void anOperationThatGoesOnRefusesTheNextInTheEnd() {
    Sandbox stopped = row(SandboxState.STOPPED);
    operations.begin(stopped.id(), Operation.Kind.START);
    assertThrows(DaytonaException.class, () -> operations.begin(stopped, Operation.Kind.START));
  }

  private static Sandbox row(SandboxState state) {
    return SandboxRows.of("organization", state, Instant.EPOCH);
  }
}
