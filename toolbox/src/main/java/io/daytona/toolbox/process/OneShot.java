package io.daytona.toolbox.process;

import io.daytona.http.Call;
import io.daytona.http.Json;
import io.daytona.http.RawReply;
import io.daytona.toolbox.ClientVersion;
import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.error.ErrorBody;
import io.daytona.toolbox.error.ToolboxError;
import io.daytona.toolbox.error.ToolboxErrors;
import io.daytona.toolbox.process.Execution.Ending;
import io.daytona.toolbox.process.ExecutionReply.Outcome;
import io.daytona.wire.error.DaytonaException;
import java.time.Duration;
import java.util.List;

/** Runs one program to its end and words the reply. */
final class OneShot {
  private final LimitReasons reasons;
  private final ToolboxErrors errors = new ToolboxErrors();

  OneShot(LimitReasons reasons) {
    this.reasons = reasons;
  }

  /** Starts the program. */
  @FunctionalInterface
  interface Start {
    /**
     * Starts it.
     *
     * @throws StartFailure when the sandbox's kernel refuses it
     */
    AgentProcess start();

    /** Clears away what a program left that was killed for its time. */
    default void afterTimeout(AgentProcess killed) {}
  }

  /**
   * Answers with the program's output and exit code.
   *
   * @param limit how long it may run
   * @param output takes what it writes; closed by the reply, or here when there is none
   * @param always whether the reply has artifacts even when there are no charts
   * @throws StartFailure with the output still open
   */
  RawReply run(
      Call<?> call,
      Running sandbox,
      Duration limit,
      CapturedOutput output,
      boolean always,
      Start start)
      throws InterruptedException {
    long from = System.nanoTime();
    try (AgentProcess process = start.start()) {
      Ending ending = Execution.run(sandbox.agent(), process, limit, output);
      if (ending.timedOut()) {
        start.afterTimeout(process);
        return timedOut(call, output);
      }
      call.timing("run", (System.nanoTime() - from) / 1e6);
      return ExecutionReply.of(outcome(call, sandbox, ending, output, always), output);
    } catch (StartFailure e) {
      throw e;
    } catch (RuntimeException | InterruptedException e) {
      output.close();
      throw e;
    }
  }

  private Outcome outcome(
      Call<?> call, Running sandbox, Ending ending, CapturedOutput output, boolean always) {
    List<byte[]> charts = output.charts();
    List<byte[]> shown = charts.isEmpty() && !always ? null : charts;
    if (ending.status() == 0 || !Additions.accepted(call)) {
      return new Outcome(ending.exitCode(), null, null, shown);
    }
    return new Outcome(
        ending.exitCode(),
        ending.status() < 0 ? Signals.name(-ending.status()) : null,
        reasons.explain(sandbox, ending.status(), output.all()),
        shown);
  }

  private RawReply timedOut(Call<?> call, CapturedOutput output) {
    DaytonaException error = ToolboxError.executionTimeout(knowsCodes(call));
    if (!Additions.accepted(call)) {
      throw error;
    }
    ErrorBody body = errors.render(error, call.method(), call.uri());
    return ExecutionReply.ofFailure(error.kind().status(), Json.mapper().valueToTree(body), output);
  }

  /** Whether the client tells errors apart by their codes, as clients do since 0.201. */
  static boolean knowsCodes(Call<?> call) {
    return ClientVersion.of(call).map(version -> !version.isBefore(0, 201, 0)).orElse(true);
  }
}
