package io.daytona.server;

import io.daytona.runner.sandbox.HostRunner;
import io.daytona.toolbox.SandboxDirectory;
import io.daytona.toolbox.agent.client.AgentClient;
import io.daytona.wire.runner.Runner;

/**
 * The side of the platform that makes sandboxes real.
 *
 * @param runner starts and ends them
 * @param directory finds their agents
 * @param closing lets go of the host; the sandboxes go on
 */
record HostPart(Runner runner, SandboxDirectory directory, AutoCloseable closing) {

  /** Takes over this host. */
  static HostPart open(Configuration config) {
    HostRunner host =
        HostRunner.open(
            config.runner(),
            config.telemetry().environment(),
            AgentClient::connect,
            config.server().armed());
    return new HostPart(host, host, host);
  }

  /** No host: sandboxes are answered 503. */
  static HostPart absent() {
    AbsentHost host = new AbsentHost();
    return new HostPart(host, host, () -> {});
  }
}
