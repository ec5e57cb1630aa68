package io.daytona.control.apikey;

import io.daytona.http.Access;
import io.daytona.http.Authenticator;
import io.daytona.http.Call;
import io.daytona.http.Route;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.util.Locale;
import java.util.Optional;

/** Lets requests in by {@code Authorization: Bearer} and an API key. */
public final class ApiKeyAuthenticator implements Authenticator {
  private static final String SCHEME = "bearer ";

  private final ApiKeys keys;

  /** Lets these keys in. */
  public ApiKeyAuthenticator(ApiKeys keys) {
    this.keys = keys;
  }

  @Override
  public Object authenticate(Call<?> call, Route route) {
    Principal principal =
        bearer(call.header("Authorization"))
            .flatMap(keys::principal)
            .orElseThrow(() -> DaytonaException.of(ErrorKind.UNAUTHORIZED, "Invalid credentials"));
    if (route.access() instanceof Access.Permission(String permission)
        && !principal.permissions().contains(permission)) {
      throw DaytonaException.of(ErrorKind.FORBIDDEN, "Access denied");
    }
    return principal;
  }

  private static Optional<String> bearer(Optional<String> header) {
    return header
        .filter(value -> value.toLowerCase(Locale.ROOT).startsWith(SCHEME))
        .map(value -> value.substring(SCHEME.length()).strip())
        .filter(value -> !value.isEmpty());
  }
}
