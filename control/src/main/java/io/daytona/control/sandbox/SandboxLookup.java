package io.daytona.control.sandbox;

import io.daytona.control.apikey.Principal;
import io.daytona.http.Call;
import io.daytona.http.LogContext;
import io.daytona.wire.Ids;
import io.daytona.wire.error.DaytonaException;
import java.util.Locale;
import java.util.Optional;

/** Finds the sandbox a request is about: by id, then by name, in the caller's organization. */
final class SandboxLookup {
  private final SandboxStore store;

  SandboxLookup(SandboxStore store) {
    this.store = store;
  }

  /**
   * The sandbox of a path parameter.
   *
   * @throws DaytonaException 404 for unknown, foreign and destroyed ones alike
   */
  Sandbox require(Call<?> call, String parameter) {
    String wanted = call.path(parameter);
    Sandbox found =
        find(call.principal(Principal.class).organizationId(), wanted)
            .filter(Sandbox::visible)
            .orElseThrow(() -> unknown(wanted));
    LogContext.sandbox(found.id());
    return found;
  }

  static DaytonaException unknown(String wanted) {
    return DaytonaException.notFound("Sandbox with ID or name " + wanted + " not found");
  }

  private Optional<Sandbox> find(String organizationId, String wanted) {
    if (wanted.indexOf('\0') >= 0) {
      return Optional.empty();
    }
    String lower = wanted.toLowerCase(Locale.ROOT);
    return Ids.isUuid(lower)
        ? store.findById(organizationId, lower).or(() -> store.findByName(organizationId, wanted))
        : store.findByName(organizationId, wanted);
  }
}
