package io.daytona.gateway;

import io.daytona.http.Authenticator;
import io.daytona.http.Call;
import io.daytona.http.Route;
import io.daytona.wire.access.Credentials;
import io.daytona.wire.access.SandboxGate;
import io.daytona.wire.access.SandboxGate.ToolboxTarget;
import io.daytona.wire.access.SignedFileRequest;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.util.Locale;
import java.util.Optional;

/**
 * Asks the gate whether a request may reach its sandbox, with the credentials in the order of
 * toolbox protocol §1.8, or without any by a signed URL. The principal is the {@link
 * ToolboxTarget}.
 */
final class SandboxAuthenticator implements Authenticator {
  /** Path parameter with the sandbox's id or name. */
  static final String SANDBOX = "sandboxId";

  static final String PREVIEW_TOKEN = "X-Daytona-Preview-Token";
  static final String AUTH_KEY = "DAYTONA_SANDBOX_AUTH_KEY";
  private static final String SCHEME = "bearer ";

  private final SandboxGate gate;

  SandboxAuthenticator(SandboxGate gate) {
    this.gate = gate;
  }

  @Override
  public ToolboxTarget authenticate(Call<?> call, Route route) {
    Credentials credentials =
        new Credentials(
            bearer(call).orElse(null),
            present(call.header(PREVIEW_TOKEN)).orElse(null),
            present(call.query(AUTH_KEY)).orElse(null));
    Optional<SignedFileRequest> signed = SignedRequests.of(call, route);
    if (credentials.isEmpty() && signed.isEmpty()) {
      throw missing();
    }
    String sandbox = call.path(SANDBOX);
    try {
      return credentials.isEmpty()
          ? gate.authorizeSigned(sandbox, signed.orElseThrow())
          : gate.authorize(sandbox, credentials);
    } catch (DaytonaException refused) {
      if (refused.kind() != ErrorKind.UNAUTHORIZED) {
        throw refused;
      }
      throw DaytonaException.of(
          ErrorKind.UNAUTHORIZED, "authentication failed: " + refused.sentence(), refused);
    }
  }

  private static DaytonaException missing() {
    return DaytonaException.of(
        ErrorKind.UNAUTHORIZED,
        "missing authentication: provide a bearer token, the header "
            + PREVIEW_TOKEN
            + " or the query parameter "
            + AUTH_KEY);
  }

  static Optional<String> bearer(Call<?> call) {
    return call.header("Authorization")
        .filter(value -> value.toLowerCase(Locale.ROOT).startsWith(SCHEME))
        .flatMap(value -> present(Optional.of(value.substring(SCHEME.length()))));
  }

  private static Optional<String> present(Optional<String> value) {
    return value.map(String::strip).filter(text -> !text.isEmpty());
  }
}
