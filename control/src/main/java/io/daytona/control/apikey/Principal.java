package io.daytona.control.apikey;

import java.util.Set;

/**
 * Whom a request speaks for: one member of one organization, by an API key.
 *
 * @param organizationId organization the key is bound to
 * @param accountId account the key belongs to
 * @param keyName name of the key
 * @param permissions what the key may do
 */
public record Principal(
    String organizationId, String accountId, String keyName, Set<String> permissions) {

  /** Copies the permissions. */
  public Principal {
    permissions = Set.copyOf(permissions);
  }
}
