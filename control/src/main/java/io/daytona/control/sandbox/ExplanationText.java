package io.daytona.control.sandbox;

import io.daytona.wire.runner.Placement;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Writes what is known of a sandbox on one screen: a word, then what it is. */
final class ExplanationText {
  private static final long KIB_IN_MIB = 1024;
  private static final long BYTES_IN_MIB = 1 << 20;
  private static final double NANOS = 1e9;
  private static final double MILLIS = 1e3;

  private final StringBuilder text = new StringBuilder(2048);

  private ExplanationText() {}

  static String of(Explanations.Known known) {
    ExplanationText explanation = new ExplanationText();
    Sandbox row = known.row();
    if (row == null) {
      explanation.gone(known.id(), known.journal());
    } else {
      explanation.identity(row);
      explanation.state(row);
    }
    explanation.placement(row, known);
    explanation.outOfMemory(known);
    if (row != null) {
      explanation.network(row, known.placement());
    }
    explanation.journal(known.journal());
    return explanation.text.toString();
  }

  private void gone(String id, List<JournalEntry> journal) {
    JournalEntry last = journal.getFirst();
    line("sandbox", id);
    line("organization", "%s, region %s".formatted(last.organizationId(), last.regionId()));
    line("state", "%s; its row was removed, this is what the journal holds".formatted(last.to()));
  }

  private void identity(Sandbox row) {
    line("sandbox", row.id().equals(row.name()) ? row.id() : row.id() + ", named " + row.name());
    line(
        "organization",
        "%s, region %s, class %s"
            .formatted(row.organizationId(), row.regionId(), row.sandboxClass()));
    line(
        "snapshot",
        "%s, layers %s, user %s"
            .formatted(
                row.snapshot() == null ? "none" : row.snapshot(),
                String.join(" ", row.layers()),
                row.osUser()));
  }

  private void state(Sandbox row) {
    line("state", "%s, wanted %s".formatted(row.state().wire(), row.desiredState().wire()));
    if (row.errorReason() != null) {
      line("error", "%s%s".formatted(row.errorReason(), row.recoverable() ? " (recoverable)" : ""));
    }
    line(
        "times",
        "created %s, changed %s, used %s"
            .formatted(row.createdAt(), row.updatedAt(), row.lastActivityAt()));
    line(
        "automation",
        "stopped after %s without use, archived after %s, deleted %s"
            .formatted(
                minutes(row.autoStopInterval()),
                minutes(row.autoArchiveInterval()),
                row.autoDeleteInterval() < 0
                    ? "never"
                    : row.autoDeleteInterval() == 0
                        ? "when it stops"
                        : "after " + minutes(row.autoDeleteInterval()) + " stopped"));
    line(
        "limits",
        "%d CPU, %d GiB memory, %d GiB disk, %d GPU"
            .formatted(row.cpu(), row.memoryGib(), row.diskGib(), row.gpu()));
  }

  private static String minutes(int minutes) {
    return minutes == 0 ? "∞" : minutes + " min";
  }

  private void placement(@Nullable Sandbox row, Explanations.Known known) {
    Placement placement = known.placement();
    if (placement == null) {
      line("placement", "not known: %s".formatted(known.silence()));
      return;
    }
    Placement.Run run = placement.run();
    if (run == null) {
      line("placement", "nothing of it runs");
    } else {
      line(
          "placement",
          "slot %d, address %s, first process %d of the host, agent %s"
              .formatted(
                  run.slot(),
                  run.address().isEmpty() ? "not known" : run.address(),
                  run.pid(),
                  row == null || row.daemonVersion() == null ? "not known" : row.daemonVersion()));
      if (run.usage() != null) {
        usage(run.usage());
      }
    }
    Placement.Disk disk = placement.disk();
    line(
        "disk",
        disk == null
            ? "none"
            : "%d GiB, takes %d MiB of the pool"
                .formatted(disk.gib(), disk.allocatedKib() / KIB_IN_MIB));
  }

  private void usage(Placement.Usage usage) {
    line(
        "usage",
        String.format(
            Locale.ROOT,
            "memory %d of %d MiB, CPU %.1f s at most %.1f CPUs at once, processes %d of %d",
            usage.memoryBytes() / BYTES_IN_MIB,
            usage.memoryLimitBytes() / BYTES_IN_MIB,
            usage.cpuNanos() / NANOS,
            usage.cpuMillis() / MILLIS,
            usage.processes(),
            usage.processesLimit()));
  }

  private void outOfMemory(Explanations.Known known) {
    JournalEntry last = known.outOfMemory();
    Placement.Run run = known.placement() == null ? null : known.placement().run();
    long kills = run == null || run.usage() == null ? 0 : run.usage().memoryKills();
    line(
        "out of memory",
        "%s; processes it ended in this run: %d"
            .formatted(
                last == null ? "never ended the sandbox" : "ended the sandbox at " + last.at(),
                kills));
  }

  /** The rules of the jailer's table (docs/decisions/0008), which are the same for everybody. */
  private void network(Sandbox row, @Nullable Placement placement) {
    Placement.Run run = placement == null ? null : placement.run();
    String source = run == null || run.address().isEmpty() ? "its address" : run.address();
    line(
        "network",
        row.networkBlockAll()
            ? "all blocked"
            : "out by NAT, only from "
                + source
                + "; refused: this host, other sandboxes and containers of it, link-local and"
                + " metadata addresses, IPv6");
    line(
        "",
        "in only by the proxy; previews %s"
            .formatted(row.isPublic() ? "need no credentials" : "need its token"));
  }

  private void journal(List<JournalEntry> journal) {
    line("journal", journal.isEmpty() ? "empty: rows are kept for 30 days" : "oldest first");
    for (JournalEntry entry : journal.reversed()) {
      line(
          "",
          "%-27s %s → %s (%s)%s"
              .formatted(
                  entry.at(),
                  entry.from() == null ? "new" : entry.from(),
                  entry.to(),
                  entry.trigger(),
                  entry.reason() == null ? "" : ": " + entry.reason()));
    }
  }

  private void line(String word, String line) {
    text.append("%-15s".formatted(word));
    // Names and reasons may hold what a client or a sandbox wrote: it must not move the cursor.
    line.codePoints().forEach(c -> text.appendCodePoint(Character.isISOControl(c) ? '?' : c));
    text.append('\n');
  }
}
