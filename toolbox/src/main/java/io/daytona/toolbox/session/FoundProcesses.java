package io.daytona.toolbox.session;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.Agent.ProcessInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** What an agent knows of this package's processes, by kind, oldest first. */
final class FoundProcesses {
  private final Map<String, List<Found>> byKind;

  private FoundProcesses(Map<String, List<Found>> byKind) {
    this.byKind = byKind;
  }

  /**
   * A process.
   *
   * @param label what it is for
   * @param info its state
   */
  record Found(ProcessLabel label, ProcessInfo info) {
    String process() {
      return info.process();
    }

    boolean running() {
      return info.running();
    }

    long offset() {
      return info.offset();
    }
  }

  static FoundProcesses of(Agent agent) {
    List<Found> all = new ArrayList<>();
    for (ProcessInfo info : agent.processes().reversed()) {
      ProcessLabel.parse(info.label()).ifPresent(label -> all.add(new Found(label, info)));
    }
    return new FoundProcesses(
        all.stream().collect(Collectors.groupingBy(found -> found.label().kind())));
  }

  List<Found> of(String kind) {
    return byKind.getOrDefault(kind, List.of());
  }
}
