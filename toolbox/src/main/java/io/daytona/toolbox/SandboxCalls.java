package io.daytona.toolbox;

import io.daytona.http.Call;
import io.daytona.wire.access.SandboxGate.ToolboxTarget;
import java.util.Optional;

/** Finds the sandbox that a call is about. */
public final class SandboxCalls {
  private final SandboxDirectory directory;

  /**
   * @param directory where running sandboxes are found
   */
  public SandboxCalls(SandboxDirectory directory) {
    this.directory = directory;
  }

  /**
   * The running side of the sandbox that the gate let the call through to.
   *
   * @throws io.daytona.wire.error.DaytonaException when it does not run
   */
  public SandboxDirectory.Running sandbox(Call<?> call) {
    return directory.find(call.principal(ToolboxTarget.class).sandboxId());
  }

  /** What a sandbox uses of its limits; see {@link SandboxDirectory#usage}. */
  public Optional<SandboxDirectory.Usage> usage(SandboxDirectory.Running sandbox) {
    return directory.usage(sandbox.sandboxId());
  }
}
