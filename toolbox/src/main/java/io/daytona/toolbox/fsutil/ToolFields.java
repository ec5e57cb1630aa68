package io.daytona.toolbox.fsutil;

import io.daytona.toolbox.agent.Agent;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Short answers of the file tool: numbers of a sandbox's system. */
public final class ToolFields {
  private static final FileTool TOOL = new FileTool(FileTool.PROGRAM);
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** Bytes of all fields: 65,536 ports have fewer. */
  private static final int MAX_BYTES = 512 << 10;

  private ToolFields() {}

  /**
   * All fields that it prints, which are short and come at once: a sandbox may stop the program, or
   * write into its output.
   *
   * @throws DaytonaException 503 in a sandbox without the program, 502 when it fails
   */
  public static List<String> of(Agent agent, String... arguments) throws InterruptedException {
    List<String> fields = new ArrayList<>();
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    try (FileToolRecords records = TOOL.start(agent, 1, arguments)) {
      int left = MAX_BYTES;
      while (left > 0) {
        long nanos = deadline - System.nanoTime();
        List<byte[]> record = nanos > 0 ? records.next(Duration.ofNanos(nanos)) : null;
        if (record != null) {
          left -= record.getFirst().length + 1;
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
