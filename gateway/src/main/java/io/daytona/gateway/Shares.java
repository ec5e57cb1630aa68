package io.daytona.gateway;

import io.daytona.http.Call;
import io.daytona.http.RequestObserver;
import io.daytona.http.Route;
import io.daytona.wire.access.SandboxGate.ToolboxTarget;
import io.daytona.wire.error.DaytonaException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Bounds what one sandbox may have open at once, so that who holds its token, or a program that
 * never answers, cannot take all places of a listener. Refuses more with 429.
 */
final class Shares implements RequestObserver {
  /** As many as the agent takes, and a quarter of what a listener takes. */
  static final int MAX_OPEN = 1_024;

  private final RequestObserver next;
  private final int max;
  private final Map<String, Integer> open = new ConcurrentHashMap<>();

  /**
   * @param next hears of what is not refused
   * @param max requests and WebSockets of one sandbox together
   */
  Shares(RequestObserver next, int max) {
    this.next = next;
    this.max = max;
  }

  @Override
  public Runnable started(Call<?> call, Route route) {
    String sandbox = call.principal(ToolboxTarget.class).sandboxId();
    if (open.merge(sandbox, 1, Integer::sum) > max) {
      leave(sandbox);
      throw DaytonaException.tooMany(
          "The sandbox has " + max + " requests and WebSockets open; end some and try again.",
          Duration.ofSeconds(1));
    }
    Runnable finished = null;
    try {
      finished = next.started(call, route);
    } finally {
      if (finished == null) {
        leave(sandbox);
      }
    }
    Runnable ended = finished;
    return () -> {
      try {
        ended.run();
      } finally {
        leave(sandbox);
      }
    };
  }

  private void leave(String sandbox) {
    open.computeIfPresent(sandbox, (id, count) -> count == 1 ? null : count - 1);
  }
}
