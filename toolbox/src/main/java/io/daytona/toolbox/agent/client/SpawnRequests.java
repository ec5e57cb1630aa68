package io.daytona.toolbox.agent.client;

import io.daytona.toolbox.agent.Agent.Feature;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.agent.Spawn;
import java.nio.charset.StandardCharsets;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The agent's verb that starts programs, and what replaces its features in an older agent. */
final class SpawnRequests {
  private static final Logger log = LoggerFactory.getLogger(SpawnRequests.class);

  /** Input up to this goes with the request and leaves room there for arguments. */
  private static final int INPUT_IN_REQUEST = 128 * 1024;

  private final ProcessRequests processes;
  private final FileRequests files;
  private final Set<Feature> features;

  SpawnRequests(ProcessRequests processes, FileRequests files, Set<Feature> features) {
    this.processes = processes;
    this.files = files;
    this.features = features;
  }

  AgentProcess spawn(Spawn spawn) {
    FieldsBuilder request = FieldsBuilder.verb("spawn");
    spawn.argv().forEach(argument -> request.text(Tag.ARGV, argument));
    request.env(spawn.env());
    spawn.unset().forEach(key -> request.text(Tag.UNSET, key));
    request.textIfAny(Tag.CWD, spawn.cwd());
    Spawn.Terminal terminal = spawn.terminal();
    if (terminal != null) {
      request
          .flag(Tag.PTY, true)
          .number(Tag.COLS, terminal.cols())
          .number(Tag.ROWS, terminal.rows());
    }
    request
        .flag(Tag.STDIN, spawn.stdin())
        .flag(Tag.MERGE, spawn.merge())
        .flag(Tag.DETACHED, spawn.detached())
        .textIfAny(Tag.LABEL, spawn.label())
        .flag(Tag.KILL_ON_CLOSE, spawn.killOnClose())
        .flag(Tag.SUBREAPER, spawn.subreaper());
    if (!spawn.process().isEmpty()) {
      request.text(Tag.PROCESS, ProcessRequests.chosen(spawn.process()));
    }
    if (spawn.ringBytes() > 0) {
      request.number(Tag.RING, spawn.ringBytes());
    }
    requireUnchanged(spawn.unchanged(), request);
    String input = spawn.input();
    return input == null
        ? processes.open(request)
        : withInput(request, input.getBytes(StandardCharsets.UTF_8));
  }

  /** Lets the agent look at the file in the same breath; an old one has to be asked before. */
  private void requireUnchanged(Spawn.@Nullable Stamp file, FieldsBuilder request) {
    if (file == null) {
      return;
    }
    if (features.contains(Feature.SPAWN_STAMP)) {
      request.text(Tag.PATH, file.path());
      if (file.size() >= 0) {
        request.number(Tag.MTIME_NS, file.mtimeNanos()).number(Tag.SIZE, file.size());
      }
      return;
    }
    if (!stamp(file.path()).equals(file)) {
      throw new AgentException(Errno.ESTALE, "stale", file.path() + " has changed");
    }
  }

  private Spawn.Stamp stamp(String path) {
    try {
      return Spawn.Stamp.of(path, files.stat(path, true));
    } catch (AgentException e) {
      if (e.errno() == 0) {
        throw e;
      }
      return Spawn.Stamp.absent(path);
    }
  }

  private AgentProcess withInput(FieldsBuilder request, byte[] input) {
    if (features.contains(Feature.SPAWN_INPUT) && input.length <= INPUT_IN_REQUEST) {
      return processes.open(request.bytes(Tag.INPUT, input));
    }
    StreamProcess process = processes.open(request);
    if (input.length <= Protocol.FIRST_CREDIT) {
      feed(process, input);
    } else {
      // A program that writes before it has read everything must not block both sides.
      Thread.ofVirtual().name("agent-input").start(() -> feed(process, input));
    }
    return process;
  }

  /** A program may end or close its input without reading all of it; that is no error. */
  private static void feed(StreamProcess process, byte[] input) {
    try {
      process.write(input, 0, input.length);
      process.endInput();
    } catch (AgentException e) {
      log.debug("input of process {} was not read to its end: {}", process.pid(), e.getMessage());
    }
  }
}
