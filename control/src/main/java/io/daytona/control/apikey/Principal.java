package io.daytona.control.apikey;

import io.daytona.http.Limiter;
import io.daytona.http.limit.Counted;
import io.daytona.http.limit.RateLimit;
import io.daytona.wire.access.Subject;
import java.util.Set;

/**
 * Whom a request speaks for: one member of one organization, by an API key.
 *
 * @param organizationId organization the key is bound to
 * @param accountId account the key belongs to
 * @param keyName name of the key
 * @param permissions what the key may do
 * @param limits the organization's own limits of request rates
 */
public record Principal(
    String organizationId,
    String accountId,
    String keyName,
    Set<String> permissions,
    OrganizationLimits limits)
    implements Counted, Subject {

  /** Copies the permissions. */
  public Principal {
    permissions = Set.copyOf(permissions);
  }

  @Override
  public String countedAs() {
    return organizationId;
  }

  @Override
  public RateLimit allowed(Limiter limiter, RateLimit configured) {
    return limits.allowed(limiter, configured);
  }
}
