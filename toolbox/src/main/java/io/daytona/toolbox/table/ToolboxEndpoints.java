package io.daytona.toolbox.table;

import io.daytona.http.Endpoint;
import io.daytona.http.EndpointTable;
import io.daytona.http.SocketEndpoint;
import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.SandboxDirectory;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.computeruse.ComputerUseEndpoints;
import io.daytona.toolbox.error.AgentErrors;
import io.daytona.toolbox.file.FileEndpoints;
import io.daytona.toolbox.git.GitEndpoints;
import io.daytona.toolbox.info.InfoEndpoints;
import io.daytona.toolbox.interpreter.InterpreterEndpoints;
import io.daytona.toolbox.lsp.LspEndpoints;
import io.daytona.toolbox.process.OutputLimits;
import io.daytona.toolbox.process.ProcessEndpoints;
import io.daytona.toolbox.session.SessionEndpoints;
import io.daytona.toolbox.session.SessionLimits;
import io.daytona.toolbox.system.ProxyEndpoints;
import io.daytona.toolbox.system.SystemEndpoints;
import io.daytona.toolbox.telemetry.Telemetry;
import io.daytona.toolbox.telemetry.TelemetryEndpoints;
import io.daytona.toolbox.terminal.TerminalEndpoints;
import io.daytona.wire.admission.Bulkhead;
import java.util.ArrayList;
import java.util.List;

/** The endpoint table of the Toolbox API, relative to one sandbox. */
public final class ToolboxEndpoints {
  private ToolboxEndpoints() {}

  /**
   * All rows. The mount's authenticator gives a {@link
   * io.daytona.wire.access.SandboxGate.ToolboxTarget} as principal, and {@link
   * io.daytona.toolbox.error.ToolboxErrors} renders errors.
   *
   * @param directory where running sandboxes are found
   * @param version release that {@code /version} answers
   * @param limits how much output of commands is kept
   * @param telemetry exports what sandboxes use and write
   * @param listings memory of listings, of {@link FileEndpoints#listings}
   */
  public static EndpointTable all(
      SandboxDirectory directory,
      String version,
      OutputLimits limits,
      Telemetry telemetry,
      Bulkhead listings) {
    SandboxCalls calls = new SandboxCalls(directory);
    List<Endpoint<?, ?>> all = new ArrayList<>();
    all.addAll(new InfoEndpoints(calls, version).all());
    ProcessEndpoints processes = new ProcessEndpoints(calls, limits);
    all.addAll(processes.all());
    all.addAll(new FileEndpoints(calls, listings).all());
    all.addAll(new GitEndpoints(calls).all());
    all.addAll(new LspEndpoints(calls).all());
    all.addAll(new ProxyEndpoints(calls).all());
    all.addAll(new SystemEndpoints(calls).all());
    all.addAll(new TelemetryEndpoints(calls, telemetry).all());
    all.addAll(new ComputerUseEndpoints(calls).all());
    List<SocketEndpoint> sockets = new ArrayList<>(processes.sockets());
    SessionEndpoints sessions = new SessionEndpoints(calls, SessionLimits.DEFAULT);
    all.addAll(sessions.all());
    sockets.addAll(sessions.sockets());
    InterpreterEndpoints interpreter = new InterpreterEndpoints(calls);
    all.addAll(interpreter.all());
    sockets.addAll(interpreter.sockets());
    TerminalEndpoints terminals = new TerminalEndpoints(calls);
    all.addAll(terminals.all());
    sockets.addAll(terminals.sockets());
    return new EndpointTable(
        all.stream().<Endpoint<?, ?>>map(ToolboxEndpoints::withAgentErrors).toList(),
        sockets.stream().map(ToolboxEndpoints::withAgentErrors).toList());
  }

  /** What an agent refuses is the client's to know; no handler lets it become a bare 500. */
  private static <B, R> Endpoint<B, R> withAgentErrors(Endpoint<B, R> row) {
    return new Endpoint<>(
        row.method(),
        row.path(),
        row.operation(),
        row.summary(),
        row.access(),
        row.body(),
        row.reply(),
        row.status(),
        call -> {
          try {
            return row.handler().handle(call);
          } catch (AgentException e) {
            throw AgentErrors.of(e);
          }
        });
  }

  /** The same before an upgrade; an open socket tells what happens in its own words. */
  private static SocketEndpoint withAgentErrors(SocketEndpoint row) {
    return new SocketEndpoint(
        row.path(),
        row.operation(),
        row.summary(),
        row.access(),
        call -> {
          try {
            return row.acceptor().accept(call);
          } catch (AgentException e) {
            throw AgentErrors.of(e);
          }
        });
  }
}
