package io.daytona.control.organization;

import io.daytona.control.apikey.Principal;
import io.daytona.http.Authenticator;
import io.daytona.http.Call;
import io.daytona.http.Route;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;

/**
 * Lets in only keys of the platform's administrator, to what is about the platform and not about
 * one organization.
 */
public final class AdministratorAuthenticator implements Authenticator {
  private final Authenticator keys;

  /**
   * @param keys lets in by API key; its principals are {@link Principal}s
   */
  public AdministratorAuthenticator(Authenticator keys) {
    this.keys = keys;
  }

  @Override
  public Object authenticate(Call<?> call, Route route) {
    Object found = keys.authenticate(call, route);
    if (found instanceof Principal principal
        && principal.accountId().equals(FirstRun.ADMINISTRATOR)) {
      return principal;
    }
    throw DaytonaException.of(
        ErrorKind.FORBIDDEN, "Access denied: this takes the platform administrator's API key");
  }
}
