package io.daytona.toolbox.telemetry;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.daytona.http.Json;
import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.Agent.ProcessInfo;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.AgentProcess.Output;
import io.daytona.toolbox.agent.Spawn;
import io.daytona.toolbox.fsutil.FileTool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a sandbox's telemetry needs after a restart of the platform.
 *
 * <p>Its agent remembers the label of a detached process until it is told to forget it, also when
 * the process has ended: a short program is run for its label. Programs of the sandbox do not see
 * labels, and they end with the sandbox's run.
 *
 * @param token what messages are sent with
 * @param offset bytes of the entrypoint's output that need not be sent again
 */
record SavedState(String token, long offset) {
  private static final Logger LOG = LoggerFactory.getLogger(SavedState.class);
  private static final String KIND = "telemetry";

  /** It becomes the value of a header, and has to fit into a label of the agent. */
  private static final Pattern TOKEN = Pattern.compile("[!-~]{1,1024}");

  private static final Duration PATIENCE = Duration.ofSeconds(5);
  private static final int SMALL_RING = 65_536;

  /** Whether a text can be a token: 1 to 1,024 printable characters of ASCII, no blanks. */
  static boolean isToken(String text) {
    return TOKEN.matcher(text).matches();
  }

  /** Hides the token. */
  @Override
  public String toString() {
    return "SavedState[offset=" + offset + "]";
  }

  private record Label(String kind, String token, long offset) {
    @Override
    public String toString() {
      return "Label[kind=" + kind + "]";
    }
  }

  /** States of one boot of a sandbox; the newest counts. */
  static final class Place {
    private final List<String> processes = new ArrayList<>();

    /** The newest state, if there is any. */
    synchronized Optional<SavedState> find(Agent agent) {
      processes.clear();
      Optional<SavedState> newest = Optional.empty();
      for (ProcessInfo info : agent.processes()) {
        Optional<SavedState> state = parse(info.label());
        if (state.isPresent()) {
          processes.add(info.process());
          newest = newest.or(() -> state);
        }
      }
      return newest;
    }

    /** Keeps a state in the place of earlier ones. */
    synchronized void save(Agent agent, SavedState state) throws InterruptedException {
      List<String> program = List.of(FileTool.PROGRAM, "statfs", "/");
      Spawn spawn = Spawn.merged(program, Map.of(), "/").detachedAs("", state.label(), SMALL_RING);
      try (AgentProcess process = agent.spawn(spawn)) {
        awaitEnd(process);
        processes.removeIf(earlier -> forgotten(agent, earlier));
        processes.add(process.process());
      }
    }

    private static void awaitEnd(AgentProcess process) throws InterruptedException {
      Output output = process.next(PATIENCE);
      while (output != null && !(output instanceof Output.Exit)) {
        output = process.next(PATIENCE);
      }
    }

    private static boolean forgotten(Agent agent, String process) {
      try {
        agent.forget(process);
        return true;
      } catch (AgentException e) {
        LOG.debug("an earlier state is not forgotten: {}", e.code());
        return false;
      }
    }
  }

  String label() {
    try {
      return Json.mapper().writeValueAsString(new Label(KIND, token, offset));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a label that is not JSON", e);
    }
  }

  static Optional<SavedState> parse(String label) {
    if (!label.startsWith("{")) {
      return Optional.empty();
    }
    try {
      Label read = Json.mapper().readValue(label, Label.class);
      // Absent keys come as null, and a sandbox may say anything.
      return read != null
              && KIND.equals(read.kind())
              && read.token() != null
              && isToken(read.token())
              && read.offset() >= 0
          ? Optional.of(new SavedState(read.token(), read.offset()))
          : Optional.empty();
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }
}
