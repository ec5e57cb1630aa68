package io.daytona.server.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.junit.jupiter.api.Test;

class RequestMetricsTest {
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final RequestMetrics metrics = new RequestMetrics(registry, "api");

  private boolean has(String sample) {
    return registry.scrape().lines().anyMatch(line -> line.startsWith(sample));
  }

  @Test
  void createsHaveAHistogramOfTheirOwn() {
    metrics.ended(RequestMetrics.CREATE, 200, null, 18_000_000);
    metrics.ended(RequestMetrics.CREATE, 503, "SERVICE_UNAVAILABLE", 20_000_000_000L);
    metrics.ended("getSandbox", 200, null, 1_000);
    String name = "daytona_sandbox_create_duration_seconds";
    assertTrue(has(name + "_bucket{outcome=\"ok\",le=\"0.015\"} 0"), registry.scrape());
    assertTrue(has(name + "_bucket{outcome=\"ok\",le=\"0.02\"} 1"), registry.scrape());
    assertTrue(has(name + "_count{outcome=\"failed\"} 1"), registry.scrape());
    assertTrue(has(name + "_sum{outcome=\"ok\"} 0.018"), registry.scrape());
  }

  @Test
  void commandsHaveAHistogramOfTheirOwn() {
    metrics.ended(RequestMetrics.EXEC, 200, null, 1_400_000);
    String bucket = "daytona_sandbox_exec_duration_seconds_bucket{outcome=\"ok\",le=";
    assertTrue(has(bucket + "\"0.001\"} 0"), registry.scrape());
    assertTrue(has(bucket + "\"0.0015\"} 1"), registry.scrape());
  }

  @Test
  void labelsAreBoundedWhateverCodesThereAre() {
    for (int i = 0; i < 2_000; i++) {
      metrics.ended("x", 400, "CODE_" + i, 1);
    }
    metrics.ended("x", 400, "what a client\nsent", 1);
    long codes = registry.scrape().lines().filter(line -> line.startsWith("daytona_ref")).count();
    assertEquals(257, codes);
    assertFalse(registry.scrape().contains("sent"));
    assertTrue(has("daytona_refusals_total{code=\"OTHER\",listener=\"api\"} 1745"));
  }
}
