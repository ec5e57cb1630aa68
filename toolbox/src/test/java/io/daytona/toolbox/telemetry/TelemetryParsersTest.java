package io.daytona.toolbox.telemetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.opentelemetry.proto.resource.v1.Resource;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/**
 * What a sandbox says of where its telemetry goes and what it is called, and states that root in it
 * may forge.
 */
public final class TelemetryParsersTest {
  /** Valid inputs, in ISO 8859-1. */
  public static final List<String> SEEDS =
      List.of(
          "s{\"kind\":\"telemetry\",\"token\":\"t\",\"offset\":7}",
          "rk=v,k2=v2, x = y ,=,service.name=z",
          "uhttps://h:4318/v1/",
          "uHTTP://[::1]/a%20b//");

  /** The entry point of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] input) {
    accepts(input);
  }

  static boolean accepts(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8);
    String rest = text.isEmpty() ? "" : text.substring(1);
    return switch (text.isEmpty() ? ' ' : text.charAt(0)) {
      case 's' -> SavedState.parse(rest).filter(TelemetryParsersTest::isKept).isPresent();
      case 'r' -> resource(rest);
      case 'u' -> Endpoints.parse(rest).filter(TelemetryParsersTest::isUsable).isPresent();
      default -> false;
    };
  }

  private static boolean isKept(SavedState state) {
    assertTrue(SavedState.isToken(state.token()) && state.offset() >= 0, "no state");
    assertEquals(Optional.of(state), SavedState.parse(state.label()));
    return true;
  }

  private static boolean resource(String labels) {
    Map<String, String> extra = Resources.extra(labels);
    assertTrue(extra.size() <= 32 && !extra.containsKey("service.name"), "too many or ours");
    Resource resource = Resources.of("id", Optional.empty(), labels);
    assertEquals("sandbox-id", resource.getAttributes(0).getValue().getStringValue());
    assertTrue(resource.toByteArray().length > 0);
    return !extra.isEmpty();
  }

  private static boolean isUsable(URI base) {
    for (Signal signal : Signal.values()) {
      URI url = Endpoints.of(base, signal);
      assertEquals(base.getAuthority(), url.getAuthority(), "another host");
    }
    return true;
  }

  @Test
  void seedsAreAccepted() {
    for (String seed : SEEDS) {
      assertTrue(accepts(seed.getBytes(StandardCharsets.ISO_8859_1)), seed);
    }
  }
}
