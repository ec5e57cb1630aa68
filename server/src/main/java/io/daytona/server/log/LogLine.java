package io.daytona.server.log;

import ch.qos.logback.classic.pattern.ThrowableProxyConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.LayoutBase;
import io.daytona.http.LogContext;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One event as a line {@code time=… level=… logger=… request=… sandbox=… organization=…
 * message="…"}, ids only where they are known; a stack trace follows on indented lines.
 */
final class LogLine extends LayoutBase<ILoggingEvent> {
  private static final List<String> IDS =
      List.of(LogContext.REQUEST, LogContext.SANDBOX, LogContext.ORGANIZATION);

  private final ThrowableProxyConverter traces = new ThrowableProxyConverter();

  @Override
  public void start() {
    traces.start();
    super.start();
  }

  @Override
  public String doLayout(ILoggingEvent event) {
    StringBuilder line = new StringBuilder(160);
    line.append("time=").append(event.getInstant());
    line.append(" level=").append(event.getLevel().toString().toLowerCase(Locale.ROOT));
    line.append(" logger=").append(simpleName(event.getLoggerName()));
    Map<String, String> ids = event.getMDCPropertyMap();
    for (String name : IDS) {
      String id = ids.get(name);
      if (id != null) {
        line.append(' ').append(name).append('=');
        escape(line, id);
      }
    }
    line.append(" message=\"");
    escape(line, event.getFormattedMessage());
    line.append("\"\n");
    if (event.getThrowableProxy() != null) {
      line.append(traces.convert(event).indent(2));
    }
    return line.toString();
  }

  private static String simpleName(String logger) {
    return logger.substring(logger.lastIndexOf('.') + 1);
  }

  /** Text of clients and sandboxes gets into messages: it must not be able to begin a line. */
  private static void escape(StringBuilder line, @Nullable String message) {
    if (message == null) {
      return;
    }
    for (int i = 0; i < message.length(); i++) {
      char c = message.charAt(i);
      switch (c) {
        case '"' -> line.append("\\\"");
        case '\\' -> line.append("\\\\");
        case '\n' -> line.append("\\n");
        default -> {
          if (Character.isISOControl(c)) {
            line.append("\\u%04x".formatted((int) c));
          } else {
            line.append(c);
          }
        }
      }
    }
  }
}
