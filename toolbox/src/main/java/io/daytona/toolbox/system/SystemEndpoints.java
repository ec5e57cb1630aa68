package io.daytona.toolbox.system;

import io.daytona.http.Access;
import io.daytona.http.Call;
import io.daytona.http.Endpoint;
import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.agent.Agent.EnvironmentChange;
import io.daytona.toolbox.process.Environment;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Ports, levels and environment of a sandbox (toolbox protocol §9). */
public final class SystemEndpoints {
  private final SandboxCalls calls;
  private final Ports ports = new Ports();
  private final Levels levels;

  /**
   * @param calls finds sandboxes
   */
  public SystemEndpoints(SandboxCalls calls) {
    this.calls = calls;
    this.levels = new Levels(calls);
  }

  /** The table's rows. */
  public List<Endpoint<?, ?>> all() {
    return List.of(
        Endpoint.get(
            "/port",
            "GetPorts",
            "Lists the TCP ports that programs listen on.",
            Access.MEMBER,
            PortList.class,
            call -> new PortList(ports.listening(calls.sandbox(call).agent()))),
        Endpoint.get(
            "/port/{port}/in-use",
            "IsPortInUse",
            "Tells whether a program listens on a port.",
            Access.MEMBER,
            PortInUse.class,
            this::inUse),
        Endpoint.get(
            "/system/metrics",
            "GetSystemMetrics",
            "Tells what the sandbox uses of its CPU, memory and disk.",
            Access.MEMBER,
            SystemMetrics.class,
            call -> levels.now(calls.sandbox(call))),
        Endpoint.post(
            "/env",
            "UpdateEnv",
            "Changes the environment of programs started from now on.",
            Access.MEMBER,
            UpdateEnvRequest.class,
            Map.class,
            200,
            this::updateEnv));
  }

  private PortInUse inUse(Call<Void> call) throws InterruptedException {
    int port = Ports.inRange(call.path("port"));
    return new PortInUse(ports.inUse(calls.sandbox(call).agent(), port));
  }

  private Map<String, String> updateEnv(Call<UpdateEnvRequest> call) {
    UpdateEnvRequest request = call.body();
    LinkedHashSet<String> unset = new LinkedHashSet<>();
    if (request.unset() != null) {
      request.unset().stream().filter(Objects::nonNull).forEach(unset::add);
    }
    String prefix = request.unsetValuePrefix() == null ? "" : request.unsetValuePrefix();
    Map<String, String> set = Environment.of(request.set());
    return calls.sandbox(call).agent().environment(new EnvironmentChange(unset, prefix, set));
  }

  /**
   * Ports.
   *
   * @param ports their numbers, ascending
   */
  record PortList(List<Integer> ports) {}

  /**
   * Whether a port is in use.
   *
   * @param isInUse whether a program listens on it
   */
  record PortInUse(boolean isInUse) {}

  /**
   * A change of the environment.
   *
   * @param set variables to set
   * @param unset names to remove before
   * @param unsetValuePrefix every variable whose value begins so is removed, too, unless it is set
   */
  record UpdateEnvRequest(
      @Nullable Map<String, @Nullable String> set,
      @Nullable List<@Nullable String> unset,
      @Nullable String unsetValuePrefix) {}
}
