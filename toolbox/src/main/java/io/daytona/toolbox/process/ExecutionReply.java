package io.daytona.toolbox.process;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.http.Json;
import io.daytona.http.RawReply;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes replies that carry output while decoding it, so that a large or hostile one is never held
 * twice. Bytes that are not UTF-8 become U+FFFD (toolbox protocol §2.1).
 */
final class ExecutionReply {
  private static final String JSON = "application/json; charset=utf-8";

  private ExecutionReply() {}

  /**
   * How a command ended.
   *
   * @param exitCode its exit code, −1 after a signal
   * @param signal name of the signal that ended it; null for none
   * @param reason why the platform thinks it was killed; null when there is nothing to say
   * @param charts JSON of its charts; null leaves the artifacts out
   */
  record Outcome(
      int exitCode,
      @Nullable String signal,
      @Nullable String reason,
      @Nullable List<byte[]> charts) {

    /** An exit code and nothing else. */
    static Outcome of(int exitCode) {
      return new Outcome(exitCode, null, null, null);
    }
  }

  /** The reply of a command that ended; it owns the output from now on. */
  static RawReply of(Outcome outcome, CapturedOutput output) {
    return new RawReply(
        200, JSON, -1, Map.of(), new Body(output, json -> writeHead(outcome, json, output)));
  }

  /**
   * The reply of a command that was killed for its time: the error, then what it had written. It
   * owns the output from now on.
   *
   * @param status HTTP status
   * @param error the error's keys
   */
  static RawReply ofFailure(int status, JsonNode error, CapturedOutput output) {
    return new RawReply(
        status,
        JSON,
        -1,
        Map.of(),
        new Body(
            output,
            json -> {
              for (Map.Entry<String, JsonNode> field : error.properties()) {
                json.writeFieldName(field.getKey());
                json.writeTree(field.getValue());
              }
              writeText(json, "result", output.all());
            }));
  }

  private static void writeHead(Outcome outcome, JsonGenerator json, CapturedOutput output)
      throws IOException {
    json.writeNumberField("exitCode", outcome.exitCode());
    writeText(json, "result", output.all());
    if (outcome.signal() != null) {
      json.writeStringField("signal", outcome.signal());
    }
    if (outcome.reason() != null) {
      json.writeStringField("reason", outcome.reason());
    }
    List<byte[]> charts = outcome.charts();
    if (charts != null) {
      json.writeObjectFieldStart("artifacts");
      json.writeArrayFieldStart("charts");
      for (byte[] chart : charts) {
        json.writeRawValue(new String(chart, StandardCharsets.UTF_8));
      }
      json.writeEndArray();
      json.writeEndObject();
    }
  }

  private static void writeText(JsonGenerator json, String name, @Nullable OutputCapture text)
      throws IOException {
    if (text != null) {
      json.writeFieldName(name);
      json.writeString(new InputStreamReader(text.read(), StandardCharsets.UTF_8), -1);
    }
  }

  @FunctionalInterface
  private interface Head {
    void write(JsonGenerator json) throws IOException;
  }

  private record Body(CapturedOutput output, Head head) implements RawReply.Writer {
    @Override
    public void write(OutputStream out) throws IOException {
      try (output;
          JsonGenerator json = Json.mapper().createGenerator(out)) {
        json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
        // A reply that fits the server's buffer then gets a length instead of chunks.
        json.disable(JsonGenerator.Feature.FLUSH_PASSED_TO_STREAM);
        json.writeStartObject();
        head.write(json);
        writeText(json, "stdout", output.stdout());
        writeText(json, "stderr", output.stderr());
        json.writeEndObject();
      }
    }

    @Override
    public void discard() {
      output.close();
    }
  }
}
