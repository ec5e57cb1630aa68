package io.daytona.runner.sandbox;

import io.daytona.runner.HostStep;
import io.daytona.runner.RunnerConfig;
import io.daytona.runner.image.ToolsLayer;
import io.daytona.runner.jailer.JailerClient;
import io.daytona.runner.slot.SlotPool;
import io.daytona.runner.storage.OverlayRootStore;
import io.daytona.runner.upkeep.Upkeep;
import io.daytona.wire.failpoint.Failpoints;
import java.util.Map;

/**
 * The parts of one host that starting, ending and recovering sandboxes share.
 *
 * @param config configuration
 * @param jailer the privileged program
 * @param slots slots made ahead
 * @param store disks
 * @param upkeep background work
 * @param table sandboxes
 * @param tools what the platform brings into every sandbox
 * @param remains what is left of ended sandboxes
 * @param records used slots, kept across restarts
 * @param connector connects to agents
 * @param environment variables that every sandbox gets beside the platform's names
 * @param failpoints places behind the steps
 */
record Host(
    RunnerConfig config,
    JailerClient jailer,
    SlotPool slots,
    OverlayRootStore store,
    Upkeep upkeep,
    SandboxTable table,
    ToolsLayer tools,
    Remains remains,
    SlotRecords records,
    AgentConnector connector,
    Map<String, String> environment,
    Failpoints failpoints) {

  /** Passes the failpoint behind a step. */
  void passed(HostStep step) {
    step.passed(failpoints);
  }

  AgentLink link(String sandboxId) {
    return new AgentLink(config.agentSocket(sandboxId), connector);
  }
}
