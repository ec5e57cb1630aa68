package io.daytona.toolbox.process;

import io.daytona.http.Access;
import io.daytona.http.Endpoint;
import io.daytona.http.RawReply;
import io.daytona.http.SocketEndpoint;
import io.daytona.toolbox.SandboxCalls;
import java.util.List;

/** One-shot execution (toolbox protocol §2). */
public final class ProcessEndpoints {
  private final ExecuteHandler execute;
  private final CodeRunHandler codeRun;
  private final SandboxCalls calls;
  private final Shells shells = new Shells();
  private final MemoryKills memoryKills;

  /**
   * @param calls finds sandboxes
   * @param limits how much output is kept
   */
  public ProcessEndpoints(SandboxCalls calls, OutputLimits limits) {
    this.calls = calls;
    this.memoryKills = new MemoryKills(calls);
    OneShot oneShot = new OneShot(new LimitReasons(calls, memoryKills));
    this.execute = new ExecuteHandler(calls, shells, limits, oneShot);
    this.codeRun = new CodeRunHandler(calls, limits, oneShot);
  }

  /** The table's rows. */
  public List<Endpoint<?, ?>> all() {
    return List.of(
        Endpoint.post(
            "/process/execute",
            "ExecuteCommand",
            "Runs a shell command and answers its output and exit code.",
            Access.MEMBER,
            ExecuteRequest.class,
            RawReply.class,
            200,
            execute::handle),
        Endpoint.post(
            "/process/code-run",
            "CodeRun",
            "Runs Python, JavaScript or TypeScript code and answers its output and exit code.",
            Access.MEMBER,
            CodeRunRequest.class,
            RawReply.class,
            200,
            codeRun::handle));
  }

  /** The table's rows for WebSockets. */
  public List<SocketEndpoint> sockets() {
    return List.of(
        new SocketEndpoint(
            "/process/execute",
            "ExecuteCommandLive",
            "Runs a program with live output, input and signals.",
            Access.MEMBER,
            call -> new LiveConversation(calls.sandbox(call), shells, memoryKills)));
  }
}
