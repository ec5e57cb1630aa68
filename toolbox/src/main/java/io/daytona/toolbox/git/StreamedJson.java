package io.daytona.toolbox.git;

import com.fasterxml.jackson.core.JsonGenerator;
import io.daytona.http.Json;
import io.daytona.http.RawReply;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.error.AgentErrors;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Map;

/** A JSON reply that is written while git gives it, so that none is too long for the memory. */
final class StreamedJson {
  private static final String JSON = "application/json; charset=utf-8";

  private StreamedJson() {}

  /**
   * A reply.
   *
   * @param records what it is written from; closed when it is written or given up
   * @param content writes it
   */
  static RawReply of(GitRecords records, Content content) {
    return new RawReply(200, JSON, -1, Map.of(), new Body(records, content));
  }

  /** Writes the content of a reply. */
  @FunctionalInterface
  interface Content {
    /** Writes one JSON value. */
    void write(JsonGenerator json) throws IOException, InterruptedException;
  }

  private record Body(GitRecords records, Content content) implements RawReply.Writer {
    @Override
    public void write(OutputStream out) throws IOException, InterruptedException {
      JsonGenerator json = Json.mapper().createGenerator(out);
      json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
      // What fails half-way must not be closed into a JSON that looks complete.
      json.disable(JsonGenerator.Feature.AUTO_CLOSE_JSON_CONTENT);
      // A reply that fits the server's buffer then gets a length instead of chunks.
      json.disable(JsonGenerator.Feature.FLUSH_PASSED_TO_STREAM);
      try (records;
          json) {
        content.write(json);
      } catch (AgentException e) {
        throw AgentErrors.of(e);
      }
    }

    @Override
    public void discard() {
      records.close();
    }
  }
}
