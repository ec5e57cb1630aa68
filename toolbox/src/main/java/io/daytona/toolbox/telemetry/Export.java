package io.daytona.toolbox.telemetry;

import io.daytona.toolbox.SandboxDirectory;
import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.Agent.EnvironmentChange;
import io.daytona.toolbox.agent.Agent.Feature;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import io.opentelemetry.proto.resource.v1.Resource;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The telemetry of one run of a sandbox: what its loops have in common. */
final class Export {
  private static final Logger LOG = LoggerFactory.getLogger(Export.class);
  private static final EnvironmentChange NONE = new EnvironmentChange(Set.of(), "", Map.of());

  private final String sandboxId;
  private final String boot;
  private final SandboxDirectory directory;
  private final @Nullable Collector collector;
  private final Duration interval;
  private final Duration patience;
  private final SavedState.Place place = new SavedState.Place();
  private final AtomicBoolean begun = new AtomicBoolean();
  private final CountDownLatch over = new CountDownLatch(1);
  private boolean restored;

  /** The receiver that the sandbox names, while that is not the operator's. */
  private @Nullable Collector own;

  private @Nullable Agent ownBy;
  private volatile SavedState state = new SavedState("", 0);

  /**
   * @param sandbox the sandbox
   * @param directory where it is found again
   * @param collector the operator's receiver, null for none
   * @param interval time between two exports
   * @param patience time for one message in all
   */
  Export(
      Running sandbox,
      SandboxDirectory directory,
      @Nullable Collector collector,
      Duration interval,
      Duration patience) {
    this.sandboxId = sandbox.sandboxId();
    this.boot = sandbox.agent().boot();
    this.directory = directory;
    this.collector = collector;
    this.interval = interval;
    this.patience = patience;
  }

  /**
   * Where telemetry goes now.
   *
   * @param collector takes it
   * @param resource says whose it is
   */
  record Destination(Collector collector, Resource resource) {}

  String sandboxId() {
    return sandboxId;
  }

  Duration interval() {
    return interval;
  }

  /** What is sent with messages. */
  String token() {
    return state.token();
  }

  /** Bytes of the entrypoint's output that need not be sent again. */
  long offset() {
    return state.offset();
  }

  /** Whether this is about that boot of the sandbox and goes on. */
  boolean serves(Agent agent) {
    return !isOver() && boot.equals(agent.boot());
  }

  /** True once: for whoever shall start the loops. */
  boolean begin() {
    return begun.compareAndSet(false, true);
  }

  boolean hasBegun() {
    return begun.get();
  }

  boolean isOver() {
    return over.getCount() == 0;
  }

  void end() {
    over.countDown();
  }

  /**
   * Waits.
   *
   * @return whether the export is over
   */
  boolean awaitEnd(Duration time) throws InterruptedException {
    return over.await(time.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** The sandbox; null while it cannot be reached. Ends the export when this run is over. */
  @Nullable Running find() {
    try {
      Running sandbox = directory.find(sandboxId);
      if (boot.equals(sandbox.agent().boot())) {
        return sandbox;
      }
      end();
    } catch (DaytonaException e) {
      if (e.kind() == ErrorKind.BAD_REQUEST) {
        end();
      }
    } catch (AgentException e) {
      LOG.debug("the agent of sandbox {} is not reached: {}", sandboxId, e.code());
    }
    return null;
  }

  /**
   * Where its telemetry goes: its environment says so. Only the operator's receiver is connected to
   * from this process; to any other, the sandbox itself connects.
   *
   * @throws AgentException when the agent is lost
   */
  Optional<Destination> destination(Running sandbox) {
    Map<String, String> environment = environment(sandbox.agent());
    Optional<Collector> taker =
        Endpoints.parse(environment.getOrDefault(TelemetryConfig.ENDPOINT, ""))
            .map(base -> taker(base, sandbox.agent()));
    String labels = environment.getOrDefault(Resources.EXTRA_LABELS, "");
    return taker.map(
        to -> new Destination(to, Resources.of(sandboxId, directory.origin(sandboxId), labels)));
  }

  private Map<String, String> environment(Agent agent) {
    if (agent.features().contains(Feature.ENVIRONMENT)) {
      return agent.environment(NONE);
    }
    // An agent of an earlier release does not tell.
    return collector == null
        ? Map.of()
        : Map.of(TelemetryConfig.ENDPOINT, collector.base().toString());
  }

  private Collector taker(URI base, Agent agent) {
    if (collector != null && collector.base().equals(base)) {
      return collector;
    }
    synchronized (begun) {
      Collector known = own;
      if (known != null && known.base().equals(base) && agent.equals(ownBy)) {
        return known;
      }
      if (known != null) {
        known.close();
      }
      Collector made =
          new Collector(
              base, OtlpClient.inside(agent, patience), interval, patience, Complaints.silent());
      own = made;
      ownBy = agent;
      return made;
    }
  }

  /**
   * Finds what an earlier process saved.
   *
   * @return whether there is a token
   * @throws AgentException when the agent is lost
   */
  boolean restore(Agent agent) {
    synchronized (place) {
      if (!restored) {
        state = place.find(agent).orElse(state);
        restored = true;
      }
      return !state.token().isEmpty();
    }
  }

  /** Takes another token. */
  void token(Agent agent, String token) throws InterruptedException {
    synchronized (place) {
      restore(agent);
      save(agent, new SavedState(token, state.offset()));
    }
  }

  /**
   * Notes that the entrypoint's output was delivered so far.
   *
   * @param saving whether to save it, too, which costs a process inside
   */
  void delivered(Agent agent, long offset, boolean saving) throws InterruptedException {
    synchronized (place) {
      SavedState next = new SavedState(state.token(), offset);
      if (saving) {
        save(agent, next);
      } else {
        state = next;
      }
    }
  }

  private void save(Agent agent, SavedState next) throws InterruptedException {
    state = next;
    try {
      place.save(agent, next);
    } catch (AgentException e) {
      // Without it the export goes on until the platform restarts.
      LOG.debug("the state of telemetry of {} is not saved: {}", sandboxId, e.code());
    }
  }
}
