package io.daytona.toolbox.telemetry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.daytona.toolbox.RealAgent;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.logs.v1.LogRecord;
import io.opentelemetry.proto.logs.v1.SeverityNumber;
import io.opentelemetry.proto.metrics.v1.Metric;
import io.opentelemetry.proto.metrics.v1.NumberDataPoint;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** What an OTLP receiver gets of a sandbox, over the real agent and real HTTP. */
@Timeout(120)
@Tag("slow")
class TelemetryTest {
  private static final String TOKEN = "token-\\\"of-the-sandbox";
  private static final Map<String, String> RESOURCE =
      Map.of(
          "service.name", "sandbox-box",
          "daytona_organization_id", "org-1",
          "daytona_region_id", "eu",
          "daytona_snapshot", "snap");

  private OtlpReceiver receiver;
  private RealAgent agent;

  @BeforeEach
  void start() throws Exception {
    receiver = new OtlpReceiver();
    agent = RealAgent.startWithTools();
  }

  @AfterEach
  void stop() throws IOException {
    agent.close();
    receiver.close();
  }

  private Map<String, String> environment() {
    return TelemetryBox.environment(receiver.url());
  }

  private static NumberDataPoint point(OtlpReceiver.Metrics message, String name) {
    Metric none = Metric.getDefaultInstance();
    return message
        .byName()
        .getOrDefault("daytona.sandbox." + name, none)
        .getGauge()
        .getDataPoints(0);
  }

  private static double value(OtlpReceiver.Metrics message, String name) {
    return point(message, name).getAsDouble();
  }

  private static long number(OtlpReceiver.Metrics message, String name) {
    return point(message, name).getAsInt();
  }

  /** The next lines, from as many messages as they come in. */
  private List<String> lines(int count) throws InterruptedException {
    List<String> lines = new ArrayList<>();
    while (lines.size() < count) {
      lines.addAll(receiver.logs().lines());
    }
    return lines;
  }

  @Test
  void sendsWhatTheSandboxUses() throws Exception {
    Map<String, String> env = new HashMap<>(environment());
    env.put("DAYTONA_SANDBOX_OTEL_EXTRA_LABELS", "team=blue,service.name=forged");
    env.put("DAYTONA_ORGANIZATION_ID", "forged");
    try (TelemetryBox box = TelemetryBox.open(agent, env, receiver.url())) {
      box.init(TOKEN);
      OtlpReceiver.Metrics message = receiver.metrics();
      assertEquals("token-\"of-the-sandbox", message.token());
      Map<String, String> resource = new HashMap<>(RESOURCE);
      resource.put("team", "blue");
      assertEquals(resource, message.resource());
      assertEquals(
          Set.of(
              "daytona.sandbox.cpu.limit",
              "daytona.sandbox.cpu.utilization",
              "daytona.sandbox.memory.limit",
              "daytona.sandbox.memory.usage",
              "daytona.sandbox.memory.utilization",
              "daytona.sandbox.filesystem.usage",
              "daytona.sandbox.filesystem.total",
              "daytona.sandbox.filesystem.available",
              "daytona.sandbox.filesystem.utilization"),
          message.byName().keySet());
      assertEquals(2, number(message, "cpu.limit"));
      assertEquals(0, value(message, "cpu.utilization"));
      assertEquals(1 << 30, number(message, "memory.limit"));
      assertEquals(512 << 20, number(message, "memory.usage"));
      assertEquals(50, value(message, "memory.utilization"));
      long total = number(message, "filesystem.total");
      assertTrue(total > 0 && number(message, "filesystem.usage") <= total);
      assertTrue(number(message, "filesystem.available") <= total);
      double used = value(message, "filesystem.utilization");
      assertEquals(100.0 * number(message, "filesystem.usage") / total, used, 0.001);
      receiver.metrics();
    }
  }

  @Test
  void sendsTheLinesOfTheEntrypoint() throws Exception {
    try (TelemetryBox box = TelemetryBox.open(agent, environment(), receiver.url())) {
      box.startEntrypoint(agent);
      box.init("t");
      long before = System.currentTimeMillis();
      TelemetryBox.write(agent, "out", "one ü\r\n");
      OtlpReceiver.Logs message = receiver.logs();
      assertEquals("t", message.token());
      assertEquals(RESOURCE, message.resource());
      LogRecord record = message.records().getFirst();
      assertEquals("one ü", record.getBody().getStringValue());
      assertEquals(SeverityNumber.SEVERITY_NUMBER_INFO, record.getSeverityNumber());
      assertEquals("daytona-entrypoint", record.getAttributes(0).getKey());
      assertEquals(
          AnyValue.newBuilder().setBoolValue(true).build(), record.getAttributes(0).getValue());
      long at = TimeUnit.NANOSECONDS.toMillis(record.getTimeUnixNano());
      assertTrue(at >= before && at <= System.currentTimeMillis(), "seen at " + at);
      TelemetryBox.write(agent, "err", "bad\n");
      LogRecord error = receiver.logs().records().getFirst();
      assertEquals("bad", error.getBody().getStringValue());
      assertEquals(SeverityNumber.SEVERITY_NUMBER_ERROR, error.getSeverityNumber());
      TelemetryBox.write(agent, "out", "x\n".repeat(5_000) + "last\n");
      List<String> many = lines(5_001);
      assertEquals(5_001, many.size());
      assertEquals("last", many.getLast());
    }
  }

  @Test
  void goesOnAfterARestartOfThePlatform() throws Exception {
    try (TelemetryBox first = TelemetryBox.open(agent, environment(), receiver.url())) {
      first.startEntrypoint(agent);
      first.init("an earlier one".replace(' ', '-'));
      first.init("kept");
      TelemetryBox.write(agent, "out", "one\ntwo\nhalf of ");
      assertEquals(List.of("one", "two"), lines(2));
      // The place in the output is saved once the receiver has answered.
      awaitSaved(first, "one\ntwo\n".length());
    }
    receiver.clear();
    TelemetryBox.write(agent, "out", "three\nfour\n");
    try (TelemetryBox second = TelemetryBox.open(agent, environment(), receiver.url())) {
      OtlpReceiver.Logs message = receiver.logs();
      assertEquals("kept", message.token());
      assertEquals(List.of("half of three", "four"), message.lines());
      assertEquals("kept", receiver.metrics().token());
      // Each save forgets the one before.
      while (second.client().processes().stream()
              .filter(info -> info.label().contains("telemetry"))
              .count()
          != 1) {
        Thread.onSpinWait();
      }
    }
  }

  private static void awaitSaved(TelemetryBox box, int offset) {
    while (box.client().processes().stream()
        .noneMatch(info -> info.label().contains("\"offset\":" + offset + "}"))) {
      Thread.onSpinWait();
    }
  }

  @Test
  void keepsLinesWhileTheReceiverIsDown() throws Exception {
    receiver.answer(503);
    try (TelemetryBox box = TelemetryBox.open(agent, environment(), receiver.url())) {
      box.startEntrypoint(agent);
      box.init("t");
      TelemetryBox.write(agent, "out", "one\n");
      int before = receiver.requests();
      while (receiver.requests() < before + 3) {
        Thread.onSpinWait();
      }
      TelemetryBox.write(agent, "out", "two\n");
      receiver.answer(200);
      assertEquals(List.of("one", "two"), lines(2));
    }
  }

  @Test
  void dropsWhatTheReceiverRefuses() throws Exception {
    receiver.answer(401);
    try (TelemetryBox box = TelemetryBox.open(agent, environment(), receiver.url())) {
      box.startEntrypoint(agent);
      TelemetryBox.write(agent, "out", "one\n");
      box.init("t");
      awaitSaved(box, "one\n".length());
      receiver.answer(200);
      TelemetryBox.write(agent, "out", "two\n");
      assertEquals(List.of("two"), lines(1));
    }
  }

  @Test
  void aSilentReceiverHoldsNobodyUpAndIsNotedWithoutTheToken() throws Exception {
    Logger root = (Logger) LoggerFactory.getLogger("io.daytona.toolbox.telemetry");
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    root.addAppender(log);
    root.setLevel(Level.DEBUG);
    receiver.fallSilent();
    Duration patience = Duration.ofMillis(300);
    try (TelemetryBox box = TelemetryBox.open(agent, environment(), receiver.url(), patience)) {
      box.init("hidden-token");
      int before = receiver.requests();
      while (receiver.requests() < before + 3) {
        assertEquals(200, box.post("/process/execute", "{\"command\":\"true\"}").statusCode());
      }
      box.stop();
      while (box.telemetry().size() > 0) {
        Thread.onSpinWait();
      }
    } finally {
      root.detachAppender(log);
      root.setLevel(null);
    }
    List<ILoggingEvent> warnings =
        log.list.stream().filter(event -> event.getLevel() == Level.WARN).toList();
    assertEquals(1, warnings.size(), "one line in a minute");
    assertTrue(warnings.getFirst().getFormattedMessage().contains(receiver.url()));
    assertTrue(
        log.list.stream().noneMatch(event -> event.getFormattedMessage().contains("hidden")));
  }

  @Test
  void endsWithTheSandboxAndItsLastWords() throws Exception {
    try (TelemetryBox box = TelemetryBox.open(agent, environment(), receiver.url())) {
      box.startEntrypoint(agent);
      box.init("t");
      receiver.metrics();
      TelemetryBox.write(agent, "out", "first\n");
      assertEquals(List.of("first"), lines(1));
      TelemetryBox.write(agent, "out", "last\n");
      assertEquals(List.of("last"), lines(1));
      box.stop();
      while (box.telemetry().size() > 0) {
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void aReceiverThatTheSandboxNamesIsReachedFromInside() throws Exception {
    try (OtlpReceiver other = new OtlpReceiver();
        TelemetryBox box =
            TelemetryBox.open(
                agent,
                TelemetryBox.environment(other.url().replace("127.0.0.1", "localhost")),
                receiver.url())) {
      box.startEntrypoint(agent);
      TelemetryBox.write(agent, "out", "one\n");
      box.init("t");
      assertEquals(List.of("one"), other.logs().lines());
      assertEquals("t", other.metrics().token());
      other.metrics();
      assertFalse(other.wasCalledByThisProcess());
      assertEquals(0, receiver.requests());
      // Once it names the operator's, everything goes there, from here.
      String set = "{\"set\":{\"DAYTONA_OTEL_ENDPOINT\":\"" + receiver.url() + "/\"}}";
      assertEquals(200, box.post("/env", set).statusCode());
      TelemetryBox.write(agent, "out", "two\n");
      receiver.metrics();
      assertTrue(receiver.wasCalledByThisProcess());
    }
  }

  @Test
  void aReceiverThatTheSandboxNamesIsGivenUpInTime() throws Exception {
    Duration patience = Duration.ofMillis(300);
    try (OtlpReceiver other = new OtlpReceiver();
        TelemetryBox box =
            TelemetryBox.open(
                agent, TelemetryBox.environment(other.url()), receiver.url(), patience)) {
      other.fallSilent();
      box.init("t");
      while (other.requests() < 3) {
        Thread.onSpinWait();
      }
      String none = "{\"set\":{\"DAYTONA_OTEL_ENDPOINT\":\"http://no.such.host:1\"}}";
      assertEquals(200, box.post("/env", none).statusCode());
      String set = "{\"set\":{\"DAYTONA_OTEL_ENDPOINT\":\"" + receiver.url() + "\"}}";
      assertEquals(200, box.post("/env", set).statusCode());
      receiver.metrics();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "{\"token\":\"\"}", "{\"token\":\"a b\"}", "{\"token\":\"a\\nb\"}"})
  void refusesWhatCannotBeAToken(String body) throws Exception {
    try (TelemetryBox box = TelemetryBox.open(agent, environment(), receiver.url())) {
      assertEquals(400, box.post("/init", body).statusCode());
      assertEquals(0, box.telemetry().size());
    }
  }

  @Test
  void aTokenIsNotSeenInside() throws Exception {
    try (TelemetryBox box = TelemetryBox.open(agent, environment(), receiver.url())) {
      box.init("hidden-token");
      receiver.metrics();
      // Not in the command line or environment of any process, nor in the environment of new ones.
      String look =
          "env; cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\\\0' '\\\\n'";
      String all = box.post("/process/execute", "{\"command\":\"" + look + "\"}").body();
      assertTrue(all.contains("DAYTONA_OTEL_ENDPOINT"), all);
      assertFalse(all.contains("hidden-" + "token"), all);
    }
  }
}
