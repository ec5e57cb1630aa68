package io.daytona.toolbox.interpreter;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.http.Json;
import java.io.IOException;

/** What a worker says; data of the sandbox. */
sealed interface WorkerFrame {
  /** It takes commands. */
  record Ready() implements WorkerFrame {}

  /**
   * A run began.
   *
   * @param id the run
   */
  record Start(String id) implements WorkerFrame {}

  /**
   * Code wrote something.
   *
   * @param id the run
   * @param stream {@code stdout} or {@code stderr}
   * @param text what it wrote
   */
  record Text(String id, String stream, String text) implements WorkerFrame {}

  /**
   * An exception ended the run.
   *
   * @param id the run
   * @param name class of the exception
   * @param value its text
   * @param traceback frames of the user's code
   */
  record Failure(String id, String name, String value, String traceback) implements WorkerFrame {}

  /**
   * A run ended.
   *
   * @param id the run
   * @param timedOut whether it was interrupted because its time was up
   */
  record Done(String id, boolean timedOut) implements WorkerFrame {}

  /**
   * The process ended.
   *
   * @param stderr what it complained about before it was ready
   */
  record Ended(String stderr) implements WorkerFrame {}

  /** Reads a line; one that makes no sense is an {@link IOException}. */
  static WorkerFrame parse(byte[] line) throws IOException {
    JsonNode frame = Json.mapper().readTree(line);
    String id = frame.path("id").asText();
    return switch (frame.path("type").asText()) {
      case "ready" -> new Ready();
      case "start" -> new Start(id);
      case "stdout" -> new Text(id, "stdout", frame.path("text").asText());
      case "stderr" -> new Text(id, "stderr", frame.path("text").asText());
      case "error" ->
          new Failure(
              id,
              frame.path("name").asText(),
              frame.path("value").asText(),
              frame.path("traceback").asText());
      case "done" -> new Done(id, frame.path("timedOut").asBoolean());
      default -> throw new IOException("a frame of an unknown type");
    };
  }
}
