package io.daytona.toolbox.process;

import io.daytona.http.Call;
import io.daytona.http.RawReply;
import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.SandboxPaths;
import io.daytona.toolbox.agent.Spawn;
import io.daytona.toolbox.error.ToolboxError;
import io.daytona.toolbox.process.ExecutionReply.Outcome;
import io.daytona.wire.error.DaytonaException;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/** {@code POST /process/execute}: a command fed to the sandbox's shell (toolbox protocol §2.1). */
final class ExecuteHandler {
  private static final String NO_SHELL = "; install this shell in the sandbox's image";

  private final SandboxCalls calls;
  private final Shells shells;
  private final OutputLimits limits;
  private final OneShot oneShot;

  ExecuteHandler(SandboxCalls calls, Shells shells, OutputLimits limits, OneShot oneShot) {
    this.calls = calls;
    this.shells = shells;
    this.limits = limits;
    this.oneShot = oneShot;
  }

  RawReply handle(Call<ExecuteRequest> call) throws InterruptedException {
    ExecuteRequest request = call.body();
    String command = command(request);
    Map<String, String> env = Environment.of(request.envs());
    Duration limit =
        TimeLimit.of(request.timeout())
            .orElseThrow(() -> body("timeout must be between 0 and 4294967295 seconds"));
    Running sandbox = calls.sandbox(call);
    String cwd =
        request.cwd() == null ? sandbox.workdir() : SandboxPaths.absolute(sandbox, request.cwd());
    CapturedOutput output = CapturedOutput.of(call, limits, false);
    Spawn shell = spawnOf(List.of(), env, cwd, limit, output).withInput(command);
    try {
      return oneShot.run(
          call,
          sandbox,
          limit,
          output,
          output.isSplit(),
          () -> shells.start(sandbox.agent(), shell, List.of()));
    } catch (StartFailure e) {
      output.addNotice(e.isMissing() ? e.text() + NO_SHELL : e.text());
      return ExecutionReply.of(Outcome.of(-1), output);
    }
  }

  /**
   * A command without a limit goes on when the platform goes away, as it does when its client goes
   * away; one with a limit is killed, because nobody is left to keep the limit.
   */
  static Spawn spawnOf(
      List<String> argv,
      Map<String, String> env,
      String cwd,
      Duration limit,
      CapturedOutput output) {
    Spawn merged = Spawn.merged(argv, env, cwd).withStdin();
    Spawn spawn = output.isSplit() ? merged.unmerged() : merged;
    return limit.equals(TimeLimit.NONE) ? spawn.notKilledOnClose() : spawn;
  }

  private static String command(ExecuteRequest request) {
    String command = request.command();
    if (command == null || command.isEmpty()) {
      throw body("command is required");
    }
    if (command.isBlank()) {
      throw ToolboxError.badRequest("command cannot be empty or whitespace-only");
    }
    return command;
  }

  private static DaytonaException body(String what) {
    return ToolboxError.badRequest("invalid request body: " + what);
  }
}
