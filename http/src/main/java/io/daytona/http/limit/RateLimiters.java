package io.daytona.http.limit;

import io.daytona.http.Access;
import io.daytona.http.Authenticator;
import io.daytona.http.Call;
import io.daytona.http.Limiter;
import io.daytona.http.RequestObserver;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongSupplier;

/**
 * Refuses what is asked too often with 429, and tells every caller where it stands by headers
 * (control-plane protocol §1.9). Counts in memory; never blocks.
 */
public final class RateLimiters {
  private final Map<Limiter, RateLimit> limits;
  private final Map<Limiter, Windows> windows = new EnumMap<>(Limiter.class);

  /**
   * Limiters that have counted nothing yet.
   *
   * @param limits those that work
   * @param nanos clock that only goes forward, such as {@link System#nanoTime}
   */
  public RateLimiters(Map<Limiter, RateLimit> limits, LongSupplier nanos) {
    this.limits = Map.copyOf(limits);
    limits.keySet().forEach(limiter -> windows.put(limiter, new Windows(nanos)));
  }

  /** The limiters that work. */
  public Map<Limiter, RateLimit> limits() {
    return limits;
  }

  /**
   * Lets requests in as another authenticator does, but after too many refusals with 401 none from
   * the same address: not even a valid one, because finding that out is the work to be saved.
   * Requests that arrive at the same time may fail a few times more than allowed. Whom the other
   * one let in is counted when {@link Counted}.
   */
  public Authenticator around(Authenticator authenticator) {
    return (call, route) -> {
      refuseAttempts(call);
      Object principal;
      try {
        principal = authenticator.authenticate(call, route);
      } catch (DaytonaException refused) {
        if (refused.kind() == ErrorKind.UNAUTHORIZED) {
          countFailure(call);
        }
        throw refused;
      }
      if (principal instanceof Counted counted) {
        route.limiter().ifPresent(limiter -> count(limiter, counted, call));
      }
      return principal;
    };
  }

  /** Counts requests to public rows by address, before their bodies are read. */
  public RequestObserver anonymous() {
    return (call, route) -> {
      if (route.access() instanceof Access.Public) {
        route.limiter().ifPresent(limiter -> countAddress(limiter, call));
      }
      return () -> {};
    };
  }

  private void refuseAttempts(Call<?> call) {
    RateLimit limit = limits.get(Limiter.FAILED_AUTH);
    if (limit != null) {
      windows(Limiter.FAILED_AUTH)
          .look(ClientKey.of(call.clientAddress()), limit)
          .filter(standing -> standing.remaining() == 0)
          .ifPresent(standing -> refuse(Limiter.FAILED_AUTH, standing, call));
    }
  }

  private void countFailure(Call<?> call) {
    RateLimit limit = limits.get(Limiter.FAILED_AUTH);
    if (limit != null) {
      String client = ClientKey.of(call.clientAddress());
      tell(Limiter.FAILED_AUTH, windows(Limiter.FAILED_AUTH).count(client, limit), call);
    }
  }

  private void countAddress(Limiter limiter, Call<?> call) {
    RateLimit limit = limits.get(limiter);
    if (limit != null) {
      count(limiter, ClientKey.of(call.clientAddress()), limit, call);
    }
  }

  private void count(Limiter limiter, Counted principal, Call<?> call) {
    RateLimit configured = limits.get(limiter);
    if (configured != null) {
      count(limiter, principal.countedAs(), principal.allowed(limiter, configured), call);
    }
  }

  private void count(Limiter limiter, String subject, RateLimit limit, Call<?> call) {
    Standing standing = windows(limiter).count(subject, limit);
    if (standing.exceeded()) {
      refuse(limiter, standing, call);
    } else {
      tell(limiter, standing, call);
    }
  }

  private Windows windows(Limiter limiter) {
    return Objects.requireNonNull(windows.get(limiter));
  }

  private static void tell(Limiter limiter, Standing standing, Call<?> call) {
    String name = limiter.wire();
    call.replyHeader("X-RateLimit-Limit-" + name, Integer.toString(standing.limit().limit()));
    call.replyHeader("X-RateLimit-Remaining-" + name, Long.toString(standing.remaining()));
    call.replyHeader("X-RateLimit-Reset-" + name, Long.toString(standing.resetSeconds()));
  }

  private static void refuse(Limiter limiter, Standing standing, Call<?> call) {
    tell(limiter, standing, call);
    Duration wait = Duration.ofSeconds(standing.resetSeconds());
    call.replyHeader("Retry-After-" + limiter.wire(), Long.toString(wait.toSeconds()));
    throw DaytonaException.tooMany(
        "Too many requests: the limit %s allows %d in %d seconds; try again in %d seconds."
            .formatted(
                limiter.wire(), standing.limit().limit(), standing.limit().ttl(), wait.toSeconds()),
        wait);
  }
}
