package io.daytona.control.apikey;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An API key as it is listed; the secret is masked.
 *
 * @param name unique among the owner's keys
 * @param value masked secret
 * @param createdAt when it was made
 * @param permissions what it may do
 * @param lastUsedAt when it was used last
 * @param expiresAt from when on it is refused
 * @param userId its owner
 */
@JsonInclude(JsonInclude.Include.ALWAYS)
public record ApiKeyDto(
    String name,
    String value,
    Instant createdAt,
    List<String> permissions,
    @Nullable Instant lastUsedAt,
    @Nullable Instant expiresAt,
    String userId) {
  private static final String MASK = "*".repeat(20);

  static ApiKeyDto of(ApiKey key) {
    return new ApiKeyDto(
        key.name(),
        key.prefix() + MASK + key.suffix(),
        key.createdAt(),
        key.permissions(),
        key.lastUsedAt(),
        key.expiresAt(),
        key.accountId());
  }
}
