package io.daytona.server.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.LoggingEvent;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class LogLineTest {
  private static String line(String message, @Nullable Throwable thrown, Object... arguments) {
    LoggerContext context = new LoggerContext();
    LoggingEvent event =
        new LoggingEvent(
            "x", context.getLogger("io.daytona.Some"), Level.WARN, message, thrown, arguments);
    event.setInstant(Instant.parse("2026-01-02T03:04:05.678Z"));
    event.setMDCPropertyMap(
        Map.of("organization", "o-1", "request", "r-1", "sandbox", "s-1", "other", "no"));
    LogLine layout = new LogLine();
    layout.setContext(context);
    layout.start();
    return layout.doLayout(event);
  }

  @Test
  void oneEventIsOneLine() {
    assertEquals(
        "time=2026-01-02T03:04:05.678Z level=warn logger=Some request=r-1 sandbox=s-1"
            + " organization=o-1 message=\"a b\"\n",
        line("a {}", null, "b"));
  }

  @Test
  void whatClientsSendCannotForgeALine() {
    String line = line("path={}", null, "x\"\r\ntime=2026 level=info \u001b[31m");
    assertEquals(1, line.lines().count(), line);
    assertTrue(line.contains("x\\\"\\u000d\\ntime=2026"), line);
  }

  @Test
  void stackTracesAreIndented() {
    String line = line("failed", new IllegalStateException("first\nsecond"));
    assertTrue(line.contains("\n  java.lang.IllegalStateException: first\n  second"), line);
  }
}
