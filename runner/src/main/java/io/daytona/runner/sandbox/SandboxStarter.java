package io.daytona.runner.sandbox;

import io.daytona.runner.HostStep;
import io.daytona.runner.jailer.JailerClient;
import io.daytona.runner.jailer.JailerCode;
import io.daytona.runner.jailer.JailerException;
import io.daytona.runner.slot.Slot;
import io.daytona.runner.upkeep.Upkeep;
import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import io.daytona.wire.runner.SandboxSpec;
import io.daytona.wire.runner.StartedSandbox;
import io.daytona.wire.runner.StartedSandbox.StartTimes;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/** Starts sandboxes: slot and disk, jailer, agent, identity. */
final class SandboxStarter {
  private static final Duration QUEUE_PATIENCE = Duration.ofSeconds(30);
  private static final Duration QUEUE_RETRY = Duration.ofSeconds(5);
  private static final Duration AGENT_RETRY = Duration.ofSeconds(1);
  private static final Duration CLEARING = Duration.ofSeconds(2);
  private static final Duration CLEARING_LOOK = Duration.ofMillis(50);
  private static final int MILLIS_PER_CPU = 1000;
  private static final int MIB_PER_GIB = 1024;

  private final Host host;
  private final SandboxWelcome welcome;
  private final Semaphore permits;

  SandboxStarter(Host host) {
    this.host = host;
    this.welcome = new SandboxWelcome(host);
    this.permits = new Semaphore(host.config().startsAtOnce(), true);
  }

  StartedSandbox start(SandboxSpec spec) {
    SpecCheck.check(spec);
    try (KeyedLocks.Hold _ = host.table().hold(spec.id())) {
      LiveSandbox live = host.table().live(spec.id());
      if (live != null && live.identity() != null) {
        return new StartedSandbox(live.link().agent().version(), true, new StartTimes(0, 0, 0));
      }
      Boot boot = host.table().begin(spec.id());
      try (Upkeep.InFlight _ = host.upkeep().create()) {
        long begun = System.nanoTime();
        enter();
        try {
          return live == null ? boot(spec, boot, begun) : complete(spec, live, boot);
        } finally {
          permits.release();
        }
      } finally {
        host.table().end(spec.id());
      }
    } catch (JailerException e) {
      throw e.toClient("start the sandbox");
    }
  }

  private void enter() {
    try {
      if (!permits.tryAcquire(QUEUE_PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        throw DaytonaException.unavailable(
            "This host is busy starting sandboxes; try again shortly", QUEUE_RETRY);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw DaytonaException.unavailable("The server is shutting down", QUEUE_RETRY);
    }
  }

  private StartedSandbox boot(SandboxSpec spec, Boot boot, long begun) {
    String id = spec.id();
    host.remains().settle(id);
    boolean freshDisk = !host.table().hasDisk(id);
    Slot slot = host.slots().acquire();
    Optional<String> shelf = freshDisk ? host.store().claim(spec.diskGib()) : Optional.empty();
    AgentLink link = host.link(id);
    boolean done = false;
    try {
      host.passed(HostStep.START_SLOT_TAKEN);
      boot.check();
      host.records().used(slot.number(), id);
      host.passed(HostStep.START_SLOT_NOTED);
      long slotted = System.nanoTime();
      startJailed(request(spec, slot, shelf), boot);
      host.passed(HostStep.START_JAILED);
      long jailed = System.nanoTime();
      boot.entered();
      Agent agent = welcome.connect(id, link, boot);
      host.passed(HostStep.START_CONNECTED);
      LiveSandbox live = new LiveSandbox(id, slot.number(), link, null);
      welcome.identify(spec, live, agent, freshDisk);
      host.table().addDisk(id);
      host.table().add(live);
      done = true;
      return new StartedSandbox(
          agent.version(),
          slot.ahead(),
          new StartTimes(
              micros(begun, slotted), micros(slotted, jailed), micros(jailed, System.nanoTime())));
    } catch (AgentException e) {
      throw refusal(spec, boot, e);
    } finally {
      if (!done) {
        undo(id, slot, shelf, freshDisk, link);
      }
    }
  }

  /** Takes up a start that was cut short by the end of an earlier server. */
  private StartedSandbox complete(SandboxSpec spec, LiveSandbox live, Boot boot) {
    long begun = System.nanoTime();
    try {
      boot.entered();
      Agent agent = live.link().agent();
      welcome.identify(spec, live, agent, false);
      return new StartedSandbox(
          agent.version(), true, new StartTimes(0, 0, micros(begun, System.nanoTime())));
    } catch (AgentException e) {
      throw refusal(spec, boot, e);
    }
  }

  private JailerClient.Start request(SandboxSpec spec, Slot slot, Optional<String> shelf) {
    return new JailerClient.Start(
        spec.id(),
        slot.number(),
        spec.id(),
        shelf.orElse(JailerClient.NO_SHELF),
        spec.layers(),
        host.tools().current(),
        spec.cpu() * MILLIS_PER_CPU,
        spec.memoryGib() * MIB_PER_GIB,
        host.config().pidsLimit(spec.memoryGib()),
        spec.diskGib(),
        spec.profile());
  }

  /** A pool without room is given a moment when disks of deleted sandboxes are still on it. */
  private void startJailed(JailerClient.Start request, Boot boot) {
    long deadline = System.nanoTime() + CLEARING.toNanos();
    while (true) {
      try {
        host.jailer().start(request);
        return;
      } catch (JailerException e) {
        // The pool's file system gives back the blocks of a removed disk in the background.
        if (e.code() != JailerCode.SPACE
            || System.nanoTime() > deadline
            || !(host.remains().clearAll() || host.remains().clearedWithin(CLEARING))) {
          throw e;
        }
      }
      boot.check();
      LockSupport.parkNanos(CLEARING_LOOK.toNanos());
    }
  }

  private void undo(
      String id, Slot slot, Optional<String> shelf, boolean freshDisk, AgentLink link) {
    link.close();
    host.remains().clear(id, slot.number(), freshDisk);
    shelf.ifPresent(this::unclaim);
  }

  private void unclaim(String shelf) {
    try {
      host.store().unclaim(shelf);
    } catch (JailerException | DaytonaException e) {
      // A disk that stays unclaimed is found by the list of the next start of the server.
      SandboxWelcome.LOG.warn("the empty disk {} was not put back: {}", shelf, e.getMessage());
    }
  }

  private static DaytonaException refusal(SandboxSpec spec, Boot boot, AgentException e) {
    if (boot.cancelled()) {
      return Boot.cancellation();
    }
    if (e.code().equals("user")) {
      return DaytonaException.of(
          ErrorKind.BAD_REQUEST,
          "The image has no user \""
              + spec.user()
              + "\". Name one of its /etc/passwd, or build an image that has it",
          e);
    }
    if (!e.code().equals(AgentException.LOST)) {
      return DaytonaException.of(
          ErrorKind.INTERNAL,
          "The agent of the sandbox refused its identity: %s, errno %d"
              .formatted(e.code(), e.errno()),
          e);
    }
    return new DaytonaException(
        ErrorKind.UNAVAILABLE,
        ErrorKind.UNAVAILABLE.code(),
        "The agent of the sandbox did not come up. Try again",
        AGENT_RETRY,
        e);
  }

  private static long micros(long from, long to) {
    return (to - from) / 1000;
  }
}
