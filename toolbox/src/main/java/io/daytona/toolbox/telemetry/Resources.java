package io.daytona.toolbox.telemetry;

import io.daytona.wire.runner.Origin;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.resource.v1.Resource;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** Tells receivers which sandbox telemetry is of. */
final class Resources {
  /** Variable of a sandbox with labels of its creator. */
  static final String EXTRA_LABELS = "DAYTONA_SANDBOX_OTEL_EXTRA_LABELS";

  private static final int MAX_TEXT = 8_192;
  private static final int MAX_LABELS = 32;
  private static final int MAX_KEY = 128;
  private static final int MAX_VALUE = 256;
  private static final String SERVICE = "service.name";
  private static final String ORGANIZATION = "daytona_organization_id";
  private static final String REGION = "daytona_region_id";
  private static final String SNAPSHOT = "daytona_snapshot";

  private Resources() {}

  /**
   * The resource of a sandbox.
   *
   * @param origin from the control plane; what the sandbox says of itself is not believed
   * @param labels text {@code k=v,k2=v2} from the sandbox's environment
   */
  static Resource of(String sandboxId, Optional<Origin> origin, String labels) {
    Map<String, String> all = new LinkedHashMap<>();
    all.put(SERVICE, "sandbox-" + sandboxId);
    origin.ifPresent(known -> {
      all.put(ORGANIZATION, known.organizationId());
      all.put(REGION, known.regionId());
      all.put(SNAPSHOT, known.snapshot());
    });
    all.values().removeIf(String::isEmpty);
    extra(labels).forEach(all::putIfAbsent);
    Resource.Builder resource = Resource.newBuilder();
    all.forEach((key, value) -> resource.addAttributes(attribute(key, value)));
    return resource.build();
  }

  private static KeyValue attribute(String key, String value) {
    return KeyValue.newBuilder()
        .setKey(key)
        .setValue(AnyValue.newBuilder().setStringValue(value))
        .build();
  }

  /**
   * The first 32 pairs; what is too long or no pair is left out, and so are the platform's names.
   */
  static Map<String, String> extra(String text) {
    Map<String, String> labels = new LinkedHashMap<>();
    for (String pair : text.substring(0, Math.min(text.length(), MAX_TEXT)).split(",", -1)) {
      int equals = pair.indexOf('=');
      if (equals < 1) {
        continue;
      }
      String key = pair.substring(0, equals).strip();
      String value = pair.substring(equals + 1).strip();
      boolean fits = !key.isEmpty() && key.length() <= MAX_KEY && value.length() <= MAX_VALUE;
      if (fits && labels.size() < MAX_LABELS && !ours(key)) {
        labels.put(key, value);
      }
    }
    return labels;
  }

  private static boolean ours(String key) {
    return key.equals(SERVICE)
        || key.equals(ORGANIZATION)
        || key.equals(REGION)
        || key.equals(SNAPSHOT);
  }
}
