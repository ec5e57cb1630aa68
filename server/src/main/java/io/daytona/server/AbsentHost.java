package io.daytona.server;

import io.daytona.toolbox.SandboxDirectory;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.runner.ExitCause;
import io.daytona.wire.runner.Placement;
import io.daytona.wire.runner.PreparedImage;
import io.daytona.wire.runner.Runner;
import io.daytona.wire.runner.RunnerStatus;
import io.daytona.wire.runner.SandboxSpec;
import io.daytona.wire.runner.StartedSandbox;
import java.time.Duration;
import java.util.List;
import java.util.Set;

/** Stands where no host has joined: it holds nothing, and starting anything is refused. */
final class AbsentHost implements Runner, SandboxDirectory {

  private static DaytonaException refusal() {
    return DaytonaException.unavailable(
        "No host has joined this platform; start one.", Duration.ofSeconds(10));
  }

  @Override
  public StartedSandbox start(SandboxSpec spec) {
    throw refusal();
  }

  @Override
  public Running find(String sandboxId) {
    throw refusal();
  }

  @Override
  public void importLayer(String layer) {
    throw refusal();
  }

  @Override
  public boolean dropLayer(String layer) {
    throw refusal();
  }

  @Override
  public void stop(String sandboxId, boolean force) {
    // Nothing runs.
  }

  @Override
  public void destroy(String sandboxId) {
    // Nothing exists.
  }

  @Override
  public Set<String> running() {
    return Set.of();
  }

  @Override
  public Set<String> known() {
    return Set.of();
  }

  @Override
  public Placement placement(String sandboxId) {
    return Placement.NOWHERE;
  }

  @Override
  public Set<String> layers() {
    return Set.of();
  }

  @Override
  public List<PreparedImage> preparedImages() {
    return List.of();
  }

  @Override
  public Set<String> retainOnly(Set<String> sandboxIds) {
    return Set.of();
  }

  @Override
  public ExitCause causeOfEnd(String sandboxId) {
    return ExitCause.ENDED;
  }

  @Override
  public void onExit(ExitListener listener) {
    // Nothing ever ends.
  }

  @Override
  public RunnerStatus status() {
    return new RunnerStatus(0, 0, 0, 0, 0, 0, 0);
  }
}
