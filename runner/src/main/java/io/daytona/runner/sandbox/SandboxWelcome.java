package io.daytona.runner.sandbox;

import io.daytona.runner.HostStep;
import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.session.Entrypoint;
import io.daytona.wire.runner.SandboxSpec;
import java.time.Duration;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The part of a start that happens inside: reach the agent, tell it who it is, entrypoint. */
final class SandboxWelcome {
  static final Logger LOG = LoggerFactory.getLogger(SandboxWelcome.class);

  private static final Duration PAUSE = Duration.ofMillis(2);
  private static final int MAX_PATH = 4096;

  private final Host host;
  private final ImageEnvironments environments = new ImageEnvironments();

  SandboxWelcome(Host host) {
    this.host = host;
  }

  /**
   * Connects to the agent of a sandbox that was just started. Its socket listens before the runtime
   * runs, so the first attempt succeeds unless the sandbox ended at once.
   *
   * @throws AgentException when the agent does not answer in time
   */
  Agent connect(String id, AgentLink link, Boot boot) {
    long end = System.nanoTime() + host.config().agentPatience().toNanos();
    while (true) {
      long left = end - System.nanoTime();
      try {
        return link.connect(Duration.ofNanos(Math.max(left, PAUSE.toNanos())));
      } catch (AgentException e) {
        boot.check();
        if (System.nanoTime() - end >= 0 || !runs(id)) {
          throw e;
        }
        pause(e);
      }
    }
  }

  /** Whether its first process lives: the jailer has statistics of a dead one too. */
  private boolean runs(String id) {
    return host.jailer().list().sandbox(id).isPresent();
  }

  private static void pause(AgentException reason) {
    try {
      Thread.sleep(PAUSE);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw reason;
    }
  }

  /** Gives the sandbox its name, environment and user, and starts its entrypoint. */
  void identify(SandboxSpec spec, LiveSandbox live, Agent agent, boolean freshDisk) {
    Map<String, String> image = environments.of(spec.layers(), freshDisk, agent);
    Map<String, String> environment = BaseEnvironment.of(spec, image, host.environment());
    Agent.ResolvedIdentity resolved =
        HomeDirectory.provide(
            agent, spec.user(), (user, cwd) -> agent.identity(spec.id(), environment, user, cwd));
    host.passed(HostStep.START_IDENTIFIED);
    Identity identity =
        new Identity(
            spec.user(), plausible(resolved.home()), plausible(resolved.cwd()), spec.origin());
    if (!spec.entrypoint().isEmpty()) {
      startEntrypoint(spec, agent);
    }
    host.records().identified(live.slot(), live.id(), identity);
    host.passed(HostStep.START_IDENTITY_NOTED);
    live.identified(identity);
  }

  private static String plausible(String path) {
    if (!path.startsWith("/")
        || path.length() > MAX_PATH
        || path.chars().anyMatch(Character::isISOControl)) {
      throw new AgentException(0, AgentException.LOST, "the agent named an impossible directory");
    }
    return path;
  }

  /** A sandbox whose entrypoint is gone still starts, or its files could not be reached. */
  private static void startEntrypoint(SandboxSpec spec, Agent agent) {
    try (AgentProcess process = agent.spawn(Entrypoint.spawn(spec.entrypoint()))) {
      LOG.debug("entrypoint of {} runs as {}", spec.id(), process.pid());
    } catch (AgentException e) {
      if (e.code().equals(AgentException.LOST)) {
        throw e;
      }
      LOG.warn("the entrypoint of sandbox {} cannot be started: errno {}", spec.id(), e.errno());
    }
  }
}
