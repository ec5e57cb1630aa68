package io.daytona.http.limit;

import io.daytona.http.Limiter;
import io.daytona.wire.config.Config;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/**
 * The limits of request rates. A limiter works when both its window and its limit are set.
 *
 * @param anonymousTtl seconds of a window of {@link Limiter#ANONYMOUS}
 * @param anonymousLimit times in it
 * @param failedAuthTtl seconds of a window of {@link Limiter#FAILED_AUTH}
 * @param failedAuthLimit times in it
 * @param authenticatedTtl seconds of a window of {@link Limiter#AUTHENTICATED}
 * @param authenticatedLimit times in it
 * @param sandboxCreateTtl seconds of a window of {@link Limiter#SANDBOX_CREATE}
 * @param sandboxCreateLimit times in it
 * @param sandboxLifecycleTtl seconds of a window of {@link Limiter#SANDBOX_LIFECYCLE}
 * @param sandboxLifecycleLimit times in it
 */
@Config(prefix = "RATE_LIMIT")
public record RateLimitConfig(
    @Config.Key(
            value = "Seconds in which one address may ask public routes …_LIMIT times; 1 to 86400",
            fallback = "<none>")
        Optional<Integer> anonymousTtl,
    @Config.Key(
            value = "Requests of one address to public routes in …_TTL seconds; more get 429",
            fallback = "<none>")
        Optional<Integer> anonymousLimit,
    @Config.Key(
            value = "Seconds in which one address may fail …_LIMIT times to log in; 1 to 86400",
            fallback = "<none>")
        Optional<Integer> failedAuthTtl,
    @Config.Key(
            value =
                "Replies with 401 to one address in …_TTL seconds; then all it asks gets 429, but"
                    + " for public routes",
            fallback = "<none>")
        Optional<Integer> failedAuthLimit,
    @Config.Key(
            value = "Seconds in which one organization may ask …_LIMIT times; 1 to 86400",
            fallback = "<none>")
        Optional<Integer> authenticatedTtl,
    @Config.Key(
            value =
                "Requests of one organization in …_TTL seconds, those below not counted; more get"
                    + " 429",
            fallback = "<none>")
        Optional<Integer> authenticatedLimit,
    @Config.Key(
            value = "Seconds in which one organization may create …_LIMIT sandboxes; 1 to 86400",
            fallback = "<none>")
        Optional<Integer> sandboxCreateTtl,
    @Config.Key(
            value = "Creations of sandboxes by one organization in …_TTL seconds; more get 429",
            fallback = "<none>")
        Optional<Integer> sandboxCreateLimit,
    @Config.Key(
            value =
                "Seconds in which one organization may start, stop or delete sandboxes …_LIMIT"
                    + " times; 1 to 86400",
            fallback = "<none>")
        Optional<Integer> sandboxLifecycleTtl,
    @Config.Key(
            value =
                "Starts, stops and deletions by one organization in …_TTL seconds; more get 429",
            fallback = "<none>")
        Optional<Integer> sandboxLifecycleLimit) {

  /** Checks that windows and limits come in pairs, and their ranges. */
  public RateLimitConfig {
    pair(Limiter.ANONYMOUS, anonymousTtl, anonymousLimit);
    pair(Limiter.FAILED_AUTH, failedAuthTtl, failedAuthLimit);
    pair(Limiter.AUTHENTICATED, authenticatedTtl, authenticatedLimit);
    pair(Limiter.SANDBOX_CREATE, sandboxCreateTtl, sandboxCreateLimit);
    pair(Limiter.SANDBOX_LIFECYCLE, sandboxLifecycleTtl, sandboxLifecycleLimit);
  }

  /** The limiters that work. */
  public Map<Limiter, RateLimit> limits() {
    Map<Limiter, RateLimit> limits = new EnumMap<>(Limiter.class);
    for (Limiter limiter : Limiter.values()) {
      limit(limiter).ifPresent(limit -> limits.put(limiter, limit));
    }
    return limits;
  }

  private Optional<RateLimit> limit(Limiter limiter) {
    return switch (limiter) {
      case ANONYMOUS -> pair(limiter, anonymousTtl, anonymousLimit);
      case FAILED_AUTH -> pair(limiter, failedAuthTtl, failedAuthLimit);
      case AUTHENTICATED -> pair(limiter, authenticatedTtl, authenticatedLimit);
      case SANDBOX_CREATE -> pair(limiter, sandboxCreateTtl, sandboxCreateLimit);
      case SANDBOX_LIFECYCLE -> pair(limiter, sandboxLifecycleTtl, sandboxLifecycleLimit);
    };
  }

  private static Optional<RateLimit> pair(
      Limiter limiter, Optional<Integer> ttl, Optional<Integer> limit) {
    String key = "DAYTONA_SERVER_RATE_LIMIT_" + limiter.name();
    if (ttl.isPresent() != limit.isPresent()) {
      String set = ttl.isPresent() ? "_TTL" : "_LIMIT";
      String unset = ttl.isPresent() ? "_LIMIT" : "_TTL";
      throw new IllegalArgumentException(
          key + set + " is set, but not " + key + unset + "; the limiter needs both or none");
    }
    try {
      return ttl.map(seconds -> new RateLimit(limit.orElseThrow(), seconds));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(key + "_…: " + e.getMessage(), e);
    }
  }
}
