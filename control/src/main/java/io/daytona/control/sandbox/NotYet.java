package io.daytona.control.sandbox;

import io.daytona.wire.error.DaytonaException;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * Refuses what this server cannot do yet, instead of accepting it and not doing it: a client that
 * asks for a sandbox without network must not get one with it.
 */
final class NotYet {
  private NotYet() {}

  /**
   * Checks a create request.
   *
   * @throws DaytonaException 400 naming the first key that asks for something this server lacks
   */
  static void check(CreateSandboxBody body) {
    refuse(given(body.volumes()), "volumes");
    refuse(given(body.linkedSandbox()), "linkedSandbox");
    refuse(Boolean.TRUE.equals(body.networkBlockAll()), "networkBlockAll");
    refuse(given(body.networkAllowList()), "networkAllowList");
    refuse(given(body.domainAllowList()), "domainAllowList");
    refuse(given(body.outboundProxyUrl()), "outboundProxyUrl");
    refuse(given(body.secrets()), "secrets");
    refuse(positive(body.ttlMinutes()), "ttlMinutes");
    refuse(positive(body.autoPauseInterval()), "autoPauseInterval");
    refuse(Boolean.TRUE.equals(body.spot()), "spot");
  }

  private static void refuse(boolean asked, String key) {
    if (asked) {
      throw DaytonaException.badRequest(key + " is not available on this server yet. Leave it out");
    }
  }

  private static boolean given(@Nullable String text) {
    return text != null && !text.isEmpty();
  }

  private static boolean given(@Nullable Collection<?> items) {
    return items != null && !items.isEmpty();
  }

  private static boolean positive(@Nullable Integer number) {
    return number != null && number > 0;
  }
}
