package io.daytona.toolbox.telemetry;

import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.telemetry.Export.Destination;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends the lines that a sandbox's entrypoint writes, once in each interval and whenever a message
 * is full. While they are not taken they wait in the sandbox, whose agent keeps 64 MiB.
 */
final class EntrypointLoop {
  private static final Logger LOG = LoggerFactory.getLogger(EntrypointLoop.class);
  private static final String ABSENT = "absent";
  private static final int MAX_LINES = 1_024;
  private static final int MAX_TEXT = 1 << 17;

  /** With {@link #MAX_LINES} the most that one sandbox sends: 10,240 lines in a second. */
  private static final Duration PACE = Duration.ofMillis(100);

  private final Export export;
  private final List<EntrypointLine> batch = new ArrayList<>();
  private long savedAt = System.nanoTime();

  EntrypointLoop(Export export) {
    this.export = export;
  }

  /** Goes on until the export is over, or all that the entrypoint wrote is delivered. */
  void run() throws InterruptedException {
    do {
      Running sandbox = export.find();
      if (sandbox == null) {
        continue;
      }
      try {
        Optional<Destination> destination = export.destination(sandbox);
        if (destination.isPresent() && forward(sandbox, destination.get())) {
          return;
        }
      } catch (AgentException e) {
        if (e.code().equals(ABSENT)) {
          return; // The sandbox was started without an entrypoint.
        }
        LOG.debug("the entrypoint of {} is not read: {}", export.sandboxId(), e.code());
      }
    } while (!export.awaitEnd(export.interval()));
  }

  /**
   * Reads and sends.
   *
   * @return true at the end of all output; false when to read on from the saved place later
   * @throws AgentException when the sandbox went away
   */
  private boolean forward(Running sandbox, Destination first) throws InterruptedException {
    batch.clear();
    Destination destination = first;
    try (EntrypointReader reader = new EntrypointReader(sandbox.agent(), export.offset())) {
      while (true) {
        boolean full;
        try {
          full = fill(reader);
        } catch (AgentException e) {
          lastWords(sandbox.agent(), reader, destination);
          throw e;
        }
        Optional<Destination> now = export.destination(sandbox);
        if (now.isEmpty() || send(now.get()) == Delivery.LATER) {
          // Nothing is held here meanwhile: the same lines are read again.
          return false;
        }
        destination = now.get();
        delivered(sandbox.agent(), reader, !full);
        if (!full && reader.ended()) {
          return true;
        }
        if (full && export.awaitEnd(PACE)) {
          return false;
        }
      }
    }
  }

  /** Collects lines for one interval; true when there are so many that they should go at once. */
  private boolean fill(EntrypointReader reader) throws InterruptedException {
    long end = System.nanoTime() + export.interval().toNanos();
    int text = 0;
    while (batch.size() < MAX_LINES && text < MAX_TEXT) {
      EntrypointLine line = reader.next(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
      if (line == null) {
        return false;
      }
      batch.add(line);
      text += line.text().length();
    }
    return true;
  }

  private Delivery send(Destination destination) {
    if (batch.isEmpty()) {
      return Delivery.TAKEN;
    }
    byte[] message = Messages.logs(destination.resource(), batch);
    return destination.collector().send(Signal.LOGS, export.token(), message);
  }

  private void delivered(Agent agent, EntrypointReader reader, boolean saving)
      throws InterruptedException {
    if (!batch.isEmpty()) {
      batch.clear();
      long now = System.nanoTime();
      boolean due = saving || now - savedAt > export.interval().toNanos();
      savedAt = due ? now : savedAt;
      export.delivered(agent, reader.offset(), due);
    }
  }

  /** The sandbox ended, or the connection to it did: what was read must not be lost. */
  private void lastWords(Agent agent, EntrypointReader reader, Destination destination)
      throws InterruptedException {
    if (send(destination) != Delivery.LATER) {
      batch.clear();
      export.delivered(agent, reader.offset(), false);
    }
  }
}
