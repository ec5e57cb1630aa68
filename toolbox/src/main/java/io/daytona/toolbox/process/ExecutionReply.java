package io.daytona.toolbox.process;

import com.fasterxml.jackson.core.JsonGenerator;
import io.daytona.http.Json;
import io.daytona.http.RawReply;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * Writes {@code {"exitCode":…,"result":…}} while decoding the output, so that a large or hostile
 * one is never held twice. Bytes that are not UTF-8 become U+FFFD (toolbox protocol §2.1).
 */
final class ExecutionReply {
  private static final String JSON = "application/json; charset=utf-8";

  private ExecutionReply() {}

  /** The reply of a command that ended; it owns the output from now on. */
  static RawReply of(int exitCode, OutputCapture output) {
    return new RawReply(200, JSON, -1, Map.of(), new Body(exitCode, output));
  }

  private record Body(int exitCode, OutputCapture output) implements RawReply.Writer {
    @Override
    public void write(OutputStream out) throws IOException {
      try (output;
          JsonGenerator json = Json.mapper().createGenerator(out)) {
        json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
        // A reply that fits the server's buffer then gets a length instead of chunks.
        json.disable(JsonGenerator.Feature.FLUSH_PASSED_TO_STREAM);
        json.writeStartObject();
        json.writeNumberField("exitCode", exitCode);
        json.writeFieldName("result");
        json.writeString(new InputStreamReader(output.read(), StandardCharsets.UTF_8), -1);
        json.writeEndObject();
      }
    }

    @Override
    public void discard() {
      output.close();
    }
  }
}
