package io.daytona.toolbox.telemetry;

import io.daytona.http.Access;
import io.daytona.http.Call;
import io.daytona.http.Endpoint;
import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.error.ToolboxError;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Begins the telemetry of a sandbox (toolbox protocol §9, {@code POST /init}). */
public final class TelemetryEndpoints {
  private final SandboxCalls calls;
  private final Telemetry telemetry;

  /**
   * @param calls finds sandboxes
   * @param telemetry exports
   */
  public TelemetryEndpoints(SandboxCalls calls, Telemetry telemetry) {
    this.calls = calls;
    this.telemetry = telemetry;
  }

  /** The table's rows. */
  public List<Endpoint<?, ?>> all() {
    return List.of(
        Endpoint.post(
            "/init",
            "Initialize",
            "Takes the token that the sandbox's telemetry is sent with.",
            Access.MEMBER,
            InitializeRequest.class,
            Initialized.class,
            200,
            this::initialize));
  }

  private Initialized initialize(Call<InitializeRequest> call) throws InterruptedException {
    String token = call.body().token();
    if (token == null || token.isEmpty()) {
      throw ToolboxError.invalidBody("token is required");
    }
    if (!SavedState.isToken(token)) {
      throw ToolboxError.invalidBody("token is 1 to 1024 printable ASCII characters, no blanks");
    }
    telemetry.initialize(calls.sandbox(call), token);
    return new Initialized("Auth token set and telemetry initialized successfully");
  }

  /**
   * A token.
   *
   * @param token 1 to 1,024 printable characters of ASCII
   */
  record InitializeRequest(@Nullable String token) {
    @Override
    public String toString() {
      return "InitializeRequest[]";
    }
  }

  /**
   * What {@code /init} answers.
   *
   * @param message a sentence
   */
  record Initialized(String message) {}
}
