package io.daytona.control.apikey;

import io.daytona.control.persistence.Columns;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A row of the table of API keys.
 *
 * @param organizationId organization it is bound to
 * @param accountId its owner
 * @param name unique among the owner's keys in the organization
 * @param prefix first characters of the secret
 * @param suffix last characters of the secret
 * @param permissions what it may do
 * @param createdAt when it was made
 * @param lastUsedAt when it was used last, to within ten seconds
 * @param expiresAt from when on it is refused
 */
record ApiKey(
    String organizationId,
    String accountId,
    String name,
    String prefix,
    String suffix,
    List<String> permissions,
    Instant createdAt,
    @Nullable Instant lastUsedAt,
    @Nullable Instant expiresAt) {

  static ApiKey read(ResultSet row) throws SQLException {
    return new ApiKey(
        row.getString("organization_id"),
        row.getString("account_id"),
        row.getString("name"),
        row.getString("prefix"),
        row.getString("suffix"),
        Columns.texts(row, "permissions"),
        Columns.time(row, "created_at"),
        Columns.timeOrNull(row, "last_used_at"),
        Columns.timeOrNull(row, "expires_at"));
  }

  /**
   * Whom it speaks for.
   *
   * @param limits its organization's own limits of request rates
   */
  Principal principal(OrganizationLimits limits) {
    return new Principal(organizationId, accountId, name, Set.copyOf(permissions), limits);
  }

  boolean expired(Instant now) {
    return expiresAt != null && !expiresAt.isAfter(now);
  }
}
