package io.daytona.toolbox.system;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.fsutil.FileTool;
import io.daytona.toolbox.fsutil.FileToolRecords;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Short answers of the file tool: numbers of a sandbox's system. */
final class ToolFields {
  private static final FileTool TOOL = new FileTool(FileTool.PROGRAM);
  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int MAX_FIELDS = 65_536;

  private ToolFields() {}

  /**
   * All fields that it prints.
   *
   * @throws DaytonaException 503 in a sandbox without the program, 502 when it fails
   */
  static List<String> of(Agent agent, String... arguments) throws InterruptedException {
    List<String> fields = new ArrayList<>();
    try (FileToolRecords records = TOOL.start(agent, 1, arguments)) {
      while (fields.size() < MAX_FIELDS) {
        List<byte[]> record = records.next(PATIENCE);
        if (record != null) {
          fields.add(new String(record.getFirst(), StandardCharsets.UTF_8));
        } else if (records.ended()) {
          return fields;
        } else {
          throw DaytonaException.of(
              ErrorKind.BAD_GATEWAY,
              "The platform's tool takes longer than " + PATIENCE.toSeconds() + " s");
        }
      }
    }
    throw DaytonaException.of(ErrorKind.BAD_GATEWAY, "The platform's tool prints too much");
  }
}
