package io.daytona.control.apikey;

import io.daytona.http.Limiter;
import io.daytona.http.limit.RateLimit;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The limits of request rates that an organization has instead of the configured ones
 * (control-plane protocol §1.9). They come with its keys, and so take at most ten seconds to count.
 *
 * @param own what differs, by limiter
 */
public record OrganizationLimits(Map<Limiter, Own> own) {
  private static final List<Limiter> OVERRIDABLE =
      List.of(Limiter.AUTHENTICATED, Limiter.SANDBOX_CREATE, Limiter.SANDBOX_LIFECYCLE);

  /** The columns of an organization that {@link #read} needs. */
  static final String COLUMNS =
      String.join(
          ", ",
          OVERRIDABLE.stream()
              .flatMap(limiter -> List.of(limitColumn(limiter), ttlColumn(limiter)).stream())
              .map(column -> "organization." + column)
              .toList());

  /**
   * One limiter's.
   *
   * @param limit times in a window, null for the configured ones
   * @param ttl seconds of a window, null for the configured ones
   */
  public record Own(@Nullable Integer limit, @Nullable Integer ttl) {
    private RateLimit over(RateLimit configured) {
      return new RateLimit(
          limit == null ? configured.limit() : limit, ttl == null ? configured.ttl() : ttl);
    }
  }

  /** Copies. */
  public OrganizationLimits {
    own = Map.copyOf(own);
  }

  static OrganizationLimits read(ResultSet row) throws SQLException {
    Map<Limiter, Own> own = new EnumMap<>(Limiter.class);
    for (Limiter limiter : OVERRIDABLE) {
      Integer limit = row.getObject(limitColumn(limiter), Integer.class);
      Integer ttl = row.getObject(ttlColumn(limiter), Integer.class);
      if (limit != null || ttl != null) {
        own.put(limiter, new Own(limit, ttl));
      }
    }
    return new OrganizationLimits(own);
  }

  RateLimit allowed(Limiter limiter, RateLimit configured) {
    Own differing = own.get(limiter);
    return differing == null ? configured : differing.over(configured);
  }

  private static String limitColumn(Limiter limiter) {
    return limiter.name().toLowerCase(Locale.ROOT) + "_rate_limit";
  }

  private static String ttlColumn(Limiter limiter) {
    return limitColumn(limiter) + "_ttl_seconds";
  }
}
