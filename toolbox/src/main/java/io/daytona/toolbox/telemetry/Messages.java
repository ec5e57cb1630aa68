package io.daytona.toolbox.telemetry;

import io.daytona.toolbox.system.SystemMetrics;
import io.opentelemetry.proto.collector.logs.v1.ExportLogsServiceRequest;
import io.opentelemetry.proto.collector.metrics.v1.ExportMetricsServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.InstrumentationScope;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.ResourceLogs;
import io.opentelemetry.proto.logs.v1.ScopeLogs;
import io.opentelemetry.proto.logs.v1.SeverityNumber;
import io.opentelemetry.proto.metrics.v1.Gauge;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.metrics.v1.NumberDataPoint;
import io.opentelemetry.proto.metrics.v1.ResourceMetrics;
import io.opentelemetry.proto.metrics.v1.ScopeMetrics;
import io.opentelemetry.proto.resource.v1.Resource;
import java.time.Instant;
import java.util.List;

/** Makes OTLP messages. */
final class Messages {
  private static final String PREFIX = "daytona.sandbox";
  private static final String BYTES = "By";
  private static final String PERCENT = "%";
  private static final double HUNDRED = 100;
  private static final InstrumentationScope SCOPE =
      InstrumentationScope.newBuilder().setName(PREFIX).build();
  private static final KeyValue ENTRYPOINT =
      KeyValue.newBuilder()
          .setKey("daytona-entrypoint")
          .setValue(AnyValue.newBuilder().setBoolValue(true))
          .build();

  private Messages() {}

  /** What a sandbox uses; all utilizations are 0…100 percent. */
  static byte[] metrics(Resource resource, SystemMetrics use, Instant at) {
    long nanos = nanos(at);
    ScopeMetrics.Builder all =
        ScopeMetrics.newBuilder()
            .setScope(SCOPE)
            .addMetrics(number(".cpu.limit", "{cpu}", use.cpuCount(), nanos))
            .addMetrics(ratio(".cpu.utilization", use.cpuUsedPct(), nanos))
            .addMetrics(number(".memory.limit", BYTES, use.memTotal(), nanos))
            .addMetrics(number(".memory.usage", BYTES, use.memUsed(), nanos))
            .addMetrics(ratio(".memory.utilization", percent(use.memUsed(), use.memTotal()), nanos))
            .addMetrics(number(".filesystem.usage", BYTES, use.diskUsed(), nanos))
            .addMetrics(number(".filesystem.total", BYTES, use.diskTotal(), nanos))
            .addMetrics(number(".filesystem.available", BYTES, use.diskFree(), nanos))
            .addMetrics(
                ratio(".filesystem.utilization", percent(use.diskUsed(), use.diskTotal()), nanos));
    return ExportMetricsServiceRequest.newBuilder()
        .addResourceMetrics(ResourceMetrics.newBuilder().setResource(resource).addScopeMetrics(all))
        .build()
        .toByteArray();
  }

  private static Metric number(String name, String unit, long value, long nanos) {
    return gauge(name, unit, NumberDataPoint.newBuilder().setAsInt(value), nanos);
  }

  private static Metric ratio(String name, double value, long nanos) {
    return gauge(name, PERCENT, NumberDataPoint.newBuilder().setAsDouble(value), nanos);
  }

  private static Metric gauge(String name, String unit, NumberDataPoint.Builder point, long nanos) {
    return Metric.newBuilder()
        .setName(PREFIX + name)
        .setUnit(unit)
        .setGauge(Gauge.newBuilder().addDataPoints(point.setTimeUnixNano(nanos)))
        .build();
  }

  private static double percent(long part, long whole) {
    return whole <= 0 ? 0 : Math.clamp(HUNDRED * part / whole, 0, HUNDRED);
  }

  /** Lines of an entrypoint. */
  static byte[] logs(Resource resource, List<EntrypointLine> lines) {
    ScopeLogs.Builder all = ScopeLogs.newBuilder().setScope(SCOPE);
    for (EntrypointLine line : lines) {
      long nanos = nanos(line.at());
      all.addLogRecords(
          LogRecord.newBuilder()
              .setTimeUnixNano(nanos)
              .setObservedTimeUnixNano(nanos)
              .setSeverityNumber(
                  line.error()
                      ? SeverityNumber.SEVERITY_NUMBER_ERROR
                      : SeverityNumber.SEVERITY_NUMBER_INFO)
              .setSeverityText(line.error() ? "ERROR" : "INFO")
              .setBody(AnyValue.newBuilder().setStringValue(line.text()))
              .addAttributes(ENTRYPOINT));
    }
    return ExportLogsServiceRequest.newBuilder()
        .addResourceLogs(ResourceLogs.newBuilder().setResource(resource).addScopeLogs(all))
        .build()
        .toByteArray();
  }

  private static long nanos(Instant at) {
    return at.getEpochSecond() * 1_000_000_000 + at.getNano();
  }
}
