package io.daytona.http.limit;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.daytona.http.Limiter;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RateLimitConfigTest {
  private static final Optional<Integer> NONE = Optional.empty();

  private static RateLimitConfig failedAuth(@Nullable Integer ttl, @Nullable Integer limit) {
    return new RateLimitConfig(
        NONE,
        NONE,
        Optional.ofNullable(ttl),
        Optional.ofNullable(limit),
        NONE,
        NONE,
        NONE,
        NONE,
        NONE,
        NONE);
  }

  private static String refusal(@Nullable Integer ttl, @Nullable Integer limit) {
    return String.valueOf(
        assertThrows(IllegalArgumentException.class, () -> failedAuth(ttl, limit)).getMessage());
  }

  @Test
  void aLimiterWorksWhenBothAreSet() {
    assertEquals(Map.of(), failedAuth(null, null).limits());
    assertEquals(Map.of(Limiter.FAILED_AUTH, new RateLimit(5, 60)), failedAuth(60, 5).limits());
  }

  @Test
  void oneWithoutTheOtherIsRefusedByName() {
    assertEquals(
        "DAYTONA_SERVER_RATE_LIMIT_FAILED_AUTH_TTL is set, but not"
            + " DAYTONA_SERVER_RATE_LIMIT_FAILED_AUTH_LIMIT; the limiter needs both or none",
        refusal(60, null));
    assertEquals(
        "DAYTONA_SERVER_RATE_LIMIT_FAILED_AUTH_LIMIT is set, but not"
            + " DAYTONA_SERVER_RATE_LIMIT_FAILED_AUTH_TTL; the limiter needs both or none",
        refusal(null, 5));
  }

  @Test
  void whatIsOutOfRangeIsRefusedByName() {
    for (int ttl : new int[] {-1, 0, 86_401}) {
      assertEquals(
          "DAYTONA_SERVER_RATE_LIMIT_FAILED_AUTH_…: the window of a rate limit is 1 to 86400"
              + " seconds, not "
              + ttl,
          refusal(ttl, 5));
    }
    assertEquals(
        "DAYTONA_SERVER_RATE_LIMIT_FAILED_AUTH_…: a rate limit is 1 or more, not 0",
        refusal(60, 0));
  }
}
