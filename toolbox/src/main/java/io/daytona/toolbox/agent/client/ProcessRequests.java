package io.daytona.toolbox.agent.client;

import io.daytona.toolbox.agent.Agent.Feature;
import io.daytona.toolbox.agent.Agent.ProcessInfo;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.agent.Spawn;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The agent's verbs on processes that have been started. */
final class ProcessRequests {
  private static final Pattern ID = Pattern.compile("[\\x21-\\x7e]{1,128}");

  /** More than the agent keeps (docs/protocols/agent.md, connections). */
  private static final int MOST_PROCESSES = 5_000;

  private static final int ATTEMPTS = 10;

  /** Bound of either side of a terminal in the kernel. */
  private static final int MOST_CELLS = 65_535;

  private final Requests requests;
  private final Set<Feature> features;

  ProcessRequests(Requests requests, Set<Feature> features) {
    this.requests = requests;
    this.features = features;
  }

  /**
   * An id that a caller chose for a new process.
   *
   * @throws AgentException EINVAL when it is none that the agent may repeat
   */
  static String chosen(String id) {
    if (!ID.matcher(id).matches()) {
      throw new AgentException(
          Errno.EINVAL, "usage", "a process id has 1 to 128 characters from ! to ~");
    }
    return id;
  }

  /** Sends a request whose stream is a process. */
  StreamProcess open(FieldsBuilder request) {
    Requests.Opened opened = requests.open(request);
    Fields reply = opened.reply();
    return requests.checked(() ->
        new StreamProcess(
            opened.stream(),
            id(reply),
            reply.number(Tag.PID, 0, 0, Integer.MAX_VALUE),
            reply.number(Tag.OFFSET_FIRST, 0, 0, Long.MAX_VALUE),
            reply.number(Tag.LOST, 0, 0, Long.MAX_VALUE),
            reply.number(Tag.OFFSET, 0, 0, Long.MAX_VALUE)));
  }

  StreamProcess attach(String process, long offset, boolean follow) {
    return open(
        FieldsBuilder.verb("attach")
            .text(Tag.PROCESS, process)
            .number(Tag.OFFSET, offset)
            .flag(Tag.FOLLOW, follow));
  }

  void input(String process, byte[] bytes, boolean last, boolean echo) {
    if (echo && !features.contains(Feature.INPUT_ECHO)) {
      throw new AgentException(Errno.ENOSYS, "verb", "this agent cannot echo input");
    }
    FieldsBuilder request =
        FieldsBuilder.verb("input").text(Tag.PROCESS, process).flag(Tag.ECHO, echo);
    try (AgentStream stream = requests.open(request).stream()) {
      stream.send(Protocol.STDIN, bytes, 0, bytes.length);
      if (last) {
        stream.sendEof(Protocol.STDIN);
      }
    }
  }

  StreamFeed feed(String process) {
    return new StreamFeed(
        requests.open(FieldsBuilder.verb("input").text(Tag.PROCESS, process)).stream());
  }

  void resize(String process, int cols, int rows) {
    requests.call(
        FieldsBuilder.verb("resize")
            .text(Tag.PROCESS, process)
            .number(Tag.COLS, cols)
            .number(Tag.ROWS, rows));
  }

  void signal(String process, int signal, boolean tree) {
    requests.call(
        FieldsBuilder.verb("signal")
            .text(Tag.PROCESS, process)
            .number(Tag.SIGNAL, signal)
            .flag(Tag.TREE, tree));
  }

  void forget(String process) {
    requests.call(FieldsBuilder.verb("forget").text(Tag.PROCESS, process));
  }

  /** Asks page by page; begins again when the process it would go on from was forgotten. */
  List<ProcessInfo> all() {
    for (int attempt = 1; ; attempt++) {
      try {
        return pages();
      } catch (AgentException e) {
        if (e.errno() != Errno.ESRCH || attempt == ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  private List<ProcessInfo> pages() {
    List<ProcessInfo> all = new ArrayList<>();
    long left;
    do {
      FieldsBuilder request = FieldsBuilder.verb("processes");
      if (!all.isEmpty()) {
        request.text(Tag.PROCESS, all.getLast().process());
      }
      Fields reply = requests.call(request);
      left = requests.checked(() -> page(reply, all));
    } while (left > 0);
    return List.copyOf(all);
  }

  private static long page(Fields reply, List<ProcessInfo> all) throws ProtocolViolation {
    List<Fields> entries = reply.nested(Tag.ENTRY);
    for (Fields entry : entries) {
      all.add(processInfo(entry));
    }
    long left = reply.number(Tag.SIZE, 0, 0, MOST_PROCESSES);
    if (all.size() > MOST_PROCESSES || (left > 0 && entries.isEmpty())) {
      throw new ProtocolViolation("an endless list of processes");
    }
    return left;
  }

  static ProcessInfo processInfo(Fields entry) throws ProtocolViolation {
    return new ProcessInfo(
        id(entry),
        entry.number(Tag.PID, 0, 0, Integer.MAX_VALUE),
        entry.text(Tag.LABEL),
        entry.flag(Tag.RUNNING),
        (int) entry.number(Tag.STATUS, 0, -64, 255),
        entry.number(Tag.OFFSET, 0, 0, Long.MAX_VALUE),
        terminal(entry));
  }

  /** A size that no terminal can be given back, as programs may set it, counts as unknown. */
  private static Spawn.@Nullable Terminal terminal(Fields entry) throws ProtocolViolation {
    int cols = (int) entry.number(Tag.COLS, 0, 0, MOST_CELLS);
    int rows = (int) entry.number(Tag.ROWS, 0, 0, MOST_CELLS);
    return cols == 0 || rows == 0 ? null : new Spawn.Terminal(cols, rows);
  }

  private static String id(Fields fields) throws ProtocolViolation {
    return Requests.matching(ID, fields.text(Tag.PROCESS), "process id");
  }
}
