package io.daytona.runner.sandbox;

import io.daytona.runner.HostStep;
import io.daytona.runner.jailer.Inventory;
import io.daytona.runner.jailer.JailerException;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.runner.ExitCause;
import io.daytona.wire.runner.Runner;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Ends sandboxes, and notices those that ended by themselves. */
final class SandboxEnder {
  private static final Logger LOG = LoggerFactory.getLogger(SandboxEnder.class);

  /** Beyond the grace: the agent's own SIGKILL and its answer. */
  private static final Duration ANSWER = Duration.ofSeconds(1);

  private final Host host;
  private final ExecutorService background;
  private final List<Runner.ExitListener> listeners = new CopyOnWriteArrayList<>();

  /**
   * @param background runs what must not hold up the caller
   */
  SandboxEnder(Host host, ExecutorService background) {
    this.host = host;
    this.background = background;
  }

  void onExit(Runner.ExitListener listener) {
    listeners.add(listener);
  }

  void stop(String id, boolean force) {
    try (KeyedLocks.Hold _ = host.table().hold(id)) {
      LiveSandbox live = host.table().live(id);
      if (live != null) {
        end(live, force);
      }
    } catch (JailerException e) {
      throw e.toClient("stop the sandbox");
    }
  }

  void destroy(String id) {
    Boot boot = host.table().boot(id);
    try {
      if (boot != null && boot.cancel()) {
        // The start holds the lock and waits for the agent: this ends its wait.
        host.jailer().kill(id);
      }
      try (KeyedLocks.Hold _ = host.table().hold(id)) {
        LiveSandbox live = host.table().live(id);
        if (live != null) {
          end(live, true);
        }
        if (host.table().hasDisk(id)) {
          host.table().removeDisk(id);
          host.remains().disk(id);
        }
      }
    } catch (JailerException e) {
      throw e.toClient("delete the sandbox");
    }
    host.upkeep().wake();
  }

  private void end(LiveSandbox live, boolean force) {
    live.ending(true);
    boolean killed = false;
    try {
      if (!force) {
        askToEnd(live);
        host.passed(HostStep.STOP_ASKED);
      }
      host.jailer().kill(live.id());
      killed = true;
      host.passed(HostStep.END_KILLED);
    } finally {
      live.ending(killed);
    }
    forget(live);
    host.slots().release(live.slot());
    host.tools().released();
    host.upkeep().wake();
  }

  private void forget(LiveSandbox live) {
    host.table().remove(live);
    live.link().close();
  }

  /** SIGTERM for everything inside, bounded although the agent is not trusted to answer. */
  private void askToEnd(LiveSandbox live) {
    Duration grace = host.config().stopGrace();
    CompletableFuture<Void> asked =
        CompletableFuture.runAsync(() -> live.link().agent().shutdown(grace), background);
    try {
      asked.get(grace.plus(ANSWER).toNanos(), TimeUnit.NANOSECONDS);
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof AgentException)
          && !(e.getCause() instanceof DaytonaException)) {
        throw new IllegalStateException(e.getCause());
      }
      LOG.debug("sandbox {} is killed without grace", live.id(), e);
    } catch (TimeoutException e) {
      LOG.debug("sandbox {} did not end in time and is killed", live.id(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** A first process ended, whoever ended it; returns at once. */
  void exited(String id, ExitCause cause) {
    if (host.table().live(id) != null || host.table().boot(id) != null) {
      background.execute(() -> clearExited(id, cause));
    }
  }

  private void clearExited(String id, ExitCause cause) {
    try (KeyedLocks.Hold _ = host.table().hold(id)) {
      LiveSandbox live = host.table().live(id);
      // The event may be that of an earlier run: only the jailer knows.
      if (live == null || host.jailer().list().sandbox(id).isPresent()) {
        return;
      }
      live.ending(true);
      forget(live);
      host.remains().clear(id, live.slot(), false);
    } catch (JailerException | DaytonaException e) {
      LOG.warn("the end of sandbox {} could not be followed up: {}", id, e.getMessage());
      return;
    }
    host.tools().released();
    host.upkeep().wake();
    LOG.info("sandbox {} ended by itself: {}", id, cause);
    for (Runner.ExitListener listener : listeners) {
      try {
        listener.exited(id, cause);
      } catch (RuntimeException e) {
        LOG.error("the end of sandbox {} was not taken note of", id, e);
      }
    }
  }

  /** Compares what should run with what does, after events may have been missed. */
  void compare() {
    background.execute(() -> {
      try {
        long madeBefore = host.slots().madeSoFar();
        Inventory inventory = host.jailer().list();
        host.slots().verify(Set.copyOf(inventory.slots()), madeBefore);
        for (LiveSandbox live : host.table().allLive()) {
          if (inventory.sandbox(live.id()).isEmpty()) {
            exited(live.id(), inventory.causeOfEnd(live.id()));
          }
        }
        host.upkeep().wake();
      } catch (JailerException | DaytonaException e) {
        LOG.warn("the jailer's list could not be read: {}", e.getMessage());
      }
    });
  }
}
