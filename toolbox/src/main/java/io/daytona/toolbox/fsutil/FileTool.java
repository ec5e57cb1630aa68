package io.daytona.toolbox.fsutil;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.agent.Spawn;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The program for work on many files at once that the platform brings into every sandbox
 * (docs/protocols/fsutil.md). It runs as the sandbox's user, so it sees and opens what that user
 * may.
 */
public final class FileTool {
  /** Where sandboxes have it. */
  public static final String PROGRAM = "/.daytona/bin/fsutil";

  private final String program;

  /**
   * @param program its path inside the sandbox
   */
  public FileTool(String program) {
    this.program = program;
  }

  /**
   * Starts it; closing the records ends it.
   *
   * @param fields fields in each record that it gives
   * @throws DaytonaException 503 in a sandbox that has no such program
   */
  public FileToolRecords start(Agent agent, int fields, String... arguments) {
    List<String> argv = new ArrayList<>(List.of(arguments));
    argv.addFirst(program);
    return new FileToolRecords(spawn(agent, argv), fields);
  }

  private static AgentProcess spawn(Agent agent, List<String> argv) {
    try {
      return agent.spawn(Spawn.merged(argv, Map.of(), "/").unmerged());
    } catch (AgentException e) {
      if (e.errno() != Errno.ENOENT) {
        throw e;
      }
      throw DaytonaException.of(
          ErrorKind.UNAVAILABLE,
          "The sandbox was started without the platform's file tools; stop and start it to get"
              + " them.",
          e);
    }
  }
}
