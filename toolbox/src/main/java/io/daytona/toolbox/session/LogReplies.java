package io.daytona.toolbox.session;

import com.fasterxml.jackson.core.JsonGenerator;
import io.daytona.http.Json;
import io.daytona.http.RawReply;
import io.daytona.toolbox.session.log.CommandLog;
import io.daytona.toolbox.session.log.LogEncoder;
import io.daytona.toolbox.session.log.LogForm;
import io.daytona.toolbox.session.log.LogReader;
import io.daytona.toolbox.session.log.LogRecord;
import io.daytona.toolbox.session.log.LogStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Replies that carry a log (toolbox protocol §3.3, §3.5). A log is read from where it is kept, once
 * for each key, so that its size does not matter. Bytes that are not UTF-8 become U+FFFD in JSON.
 */
final class LogReplies {
  /** Says how many bytes of output were dropped at the bound of what is kept. */
  static final String LOST = "X-Daytona-Log-Lost-Bytes";

  private static final String JSON = "application/json; charset=utf-8";
  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String BYTES = "application/octet-stream";

  private LogReplies() {}

  /** The reply of a synchronous command. */
  static RawReply execution(LogDialect dialect, Command command, int exitCode, CommandLog log) {
    LogForm form = dialect == LogDialect.COMBINED ? LogForm.COMBINED : LogForm.MARKED;
    return json(
        log,
        first ->
            json -> {
              json.writeStringField("cmdId", command.id());
              json.writeNumberField("exitCode", exitCode);
              field(json, "output", first, form);
              if (dialect == LogDialect.SPLIT) {
                channels(json, log);
              }
            });
  }

  /** What a command has written so far. */
  static RawReply snapshot(LogDialect dialect, boolean entrypoint, CommandLog log) {
    if (dialect == LogDialect.SPLIT) {
      return json(
          log,
          first ->
              json -> {
                field(json, "output", first, LogForm.MARKED);
                channels(json, log);
              });
    }
    LogReader first = open(log);
    LogForm form = textForm(dialect, entrypoint);
    return new RawReply(
        200,
        TEXT,
        -1,
        headers(first),
        new Owned(log, first) {
          @Override
          public void write(OutputStream out) throws IOException {
            try (log;
                LogStream bytes = new LogStream(first, form)) {
              bytes.transferTo(out);
            }
          }
        });
  }

  /** The log from its beginning to its end, as it comes. */
  static RawReply follow(LogDialect dialect, boolean entrypoint, CommandLog log) {
    LogReader first = openFollowing(log);
    LogForm form = textForm(dialect, entrypoint);
    return new RawReply(
        200,
        BYTES,
        -1,
        headers(first),
        new Owned(log, first) {
          @Override
          public void write(OutputStream out) throws IOException, InterruptedException {
            try (log;
                first) {
              copy(first, new LogEncoder(form), out);
              log.awaitExit();
            }
          }

          @Override
          public boolean isEndless() {
            return true;
          }
        });
  }

  private static void copy(LogReader log, LogEncoder encoder, OutputStream out)
      throws IOException, InterruptedException {
    while (true) {
      LogRecord line = log.next(false);
      if (line == null) {
        out.flush();
        line = log.next(true);
      }
      if (line == null) {
        return;
      }
      encoder.write(line, out);
    }
  }

  private static LogForm textForm(LogDialect dialect, boolean entrypoint) {
    return dialect == LogDialect.COMBINED && !entrypoint ? LogForm.COMBINED : LogForm.MARKED;
  }

  private static RawReply json(CommandLog log, FieldsOf fields) {
    LogReader first = open(log);
    return new RawReply(
        200,
        JSON,
        -1,
        headers(first),
        new Owned(log, first) {
          @Override
          public void write(OutputStream out) throws IOException {
            try (log;
                first;
                JsonGenerator json = Json.mapper().createGenerator(out)) {
              json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
              // A reply that fits the server's buffer then gets a length instead of chunks.
              json.disable(JsonGenerator.Feature.FLUSH_PASSED_TO_STREAM);
              json.writeStartObject();
              fields.of(first).write(json);
              json.writeEndObject();
            }
          }
        });
  }

  private static void channels(JsonGenerator json, CommandLog log) throws IOException {
    field(json, "stdout", log.snapshot(), LogForm.STDOUT);
    field(json, "stderr", log.snapshot(), LogForm.STDERR);
  }

  private static void field(JsonGenerator json, String name, LogReader log, LogForm form)
      throws IOException {
    json.writeFieldName(name);
    try (Reader text = new InputStreamReader(new LogStream(log, form), StandardCharsets.UTF_8)) {
      json.writeString(text, -1);
    }
  }

  /** A reader that owns its log until the reply takes it over. */
  private static LogReader open(CommandLog log) {
    try {
      return log.snapshot();
    } catch (RuntimeException e) {
      log.close();
      throw e;
    }
  }

  private static LogReader openFollowing(CommandLog log) {
    try {
      return log.follow();
    } catch (RuntimeException e) {
      log.close();
      throw e;
    }
  }

  private static Map<String, String> headers(LogReader first) {
    return first.lost() == 0 ? Map.of() : Map.of(LOST, Long.toString(first.lost()));
  }

  @FunctionalInterface
  private interface FieldsOf {
    Fields of(LogReader first);
  }

  @FunctionalInterface
  private interface Fields {
    void write(JsonGenerator json) throws IOException;
  }

  /** Lets go of a log whose reply is never written. */
  private abstract static class Owned implements RawReply.Writer {
    private final CommandLog log;
    private final LogReader reader;

    Owned(CommandLog log, LogReader reader) {
      this.log = log;
      this.reader = reader;
    }

    @Override
    public void discard() {
      reader.close();
      log.close();
    }
  }
}
