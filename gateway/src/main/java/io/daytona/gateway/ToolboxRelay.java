package io.daytona.gateway;

import io.daytona.http.Access;
import io.daytona.http.Authenticator;
import io.daytona.http.Call;
import io.daytona.http.Endpoint;
import io.daytona.http.EndpointTable;
import io.daytona.http.ErrorRenderer;
import io.daytona.http.HttpServer;
import io.daytona.http.Route;
import io.daytona.wire.access.Credentials;
import io.daytona.wire.access.SandboxGate;
import io.daytona.wire.access.SandboxGate.ToolboxTarget;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The toolbox as older clients ask for it: below {@code /api/toolbox/{sandboxId}/toolbox}, with the
 * API's authentication (control-plane protocol §11.5). The rows are the toolbox's own, in the same
 * process; WebSockets were never served here.
 */
public final class ToolboxRelay implements AutoCloseable {
  private static final String PREFIX =
      "/api/toolbox/{" + SandboxAuthenticator.SANDBOX + "}/toolbox";
  private static final Access PERMISSION = Access.permission("write:sandboxes");

  /** Paths that were spelled otherwise here than in the toolbox. */
  private static final Map<String, String> OLD_PATHS =
      Map.of("/lsp/workspacesymbols", "/lsp/workspace-symbols");

  private final EndpointTable table;
  private final Authenticator authenticator;
  private final ErrorRenderer errors;
  private final Activity activity;

  /**
   * A relay; it serves once {@link #attach attached} to the API's listener.
   *
   * @param gate decides who may reach which sandbox
   * @param api lets requests into the API
   * @param toolbox the toolbox's table
   * @param errors shape of its errors
   */
  public ToolboxRelay(
      SandboxGate gate, Authenticator api, EndpointTable toolbox, ErrorRenderer errors) {
    this(gate, api, toolbox, errors, ToolboxGateway.TOUCH_EVERY);
  }

  ToolboxRelay(
      SandboxGate gate,
      Authenticator api,
      EndpointTable toolbox,
      ErrorRenderer errors,
      Duration touchEvery) {
    this.table =
        EndpointTable.of(toolbox.endpoints().stream().flatMap(ToolboxRelay::rows).toList());
    this.authenticator =
        (call, route) -> {
          api.authenticate(call, route);
          return target(gate, call);
        };
    this.errors = errors;
    this.activity = new Activity(gate::touch, touchEvery);
  }

  /** Serves on the API's listener. */
  public HttpServer.Builder attach(HttpServer.Builder listener) {
    return listener
        .maxJsonBytes(ToolboxGateway.MAX_JSON_BYTES)
        .mount(PREFIX, table, authenticator, errors, new Shares(activity, Shares.MAX_OPEN));
  }

  /** Stops noting activity; call it after the listener has stopped. */
  @Override
  public void close() {
    activity.close();
  }

  private static Stream<Endpoint<?, ?>> rows(Endpoint<?, ?> row) {
    return Stream.concat(Stream.of(row.path()), Stream.ofNullable(OLD_PATHS.get(row.path())))
        .map(path -> Guarded.guarded(row, path, ToolboxRelay::permission));
  }

  private static Access permission(Route row) {
    return row.access() instanceof Access.Permission ? row.access() : PERMISSION;
  }

  private static ToolboxTarget target(SandboxGate gate, Call<?> call) {
    Credentials member =
        new Credentials(SandboxAuthenticator.bearer(call).orElse(null), null, null);
    return gate.authorize(call.path(SandboxAuthenticator.SANDBOX), member);
  }
}
