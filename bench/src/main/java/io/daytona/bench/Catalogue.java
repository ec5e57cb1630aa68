package io.daytona.bench;

import io.daytona.bench.load.BurstRows;
import io.daytona.bench.load.BusyRows;
import io.daytona.bench.load.IdleRows;
import io.daytona.bench.load.RestartRows;
import io.daytona.bench.load.SlotRows;
import io.daytona.bench.load.SustainedRows;
import io.daytona.bench.load.YardstickRows;
import io.daytona.bench.row.Row;
import io.daytona.bench.run.Group;
import io.daytona.bench.run.Run;
import io.daytona.bench.sandbox.LifeRows;
import io.daytona.bench.sandbox.SmallRows;
import io.daytona.bench.toolbox.ToolboxSuite;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** All groups of rows, in the order in which they are measured. */
final class Catalogue {
  static final List<Group> GROUPS =
      List.of(
          new Group("host", "bare fork and exec, cp, loopback HTTP", true, SmallRows::host),
          new Group("life", "create, first output, stop, start, delete", true, LifeRows::measure),
          new Group("get", "a plain read", true, SmallRows::get),
          new Group("toolbox", "exec, code, streams, search", true, ToolboxSuite::commands),
          new Group("transfer", "files up and down", true, ToolboxSuite::transfers),
          new Group("git", "a clone", true, ToolboxSuite::git),
          new Group("burst", "100 creates at once", true, BurstRows::small),
          new Group("platform", "its memory and its start", true, SmallRows::platform),
          new Group("slots", "slot hit and slot miss", false, SlotRows::measure),
          new Group("busy", "while 20 sandboxes burn CPU", false, BusyRows::measure),
          new Group("yardstick", "create to a first node -v", false, YardstickRows::measure),
          new Group("sustained", "create and delete a minute", false, SustainedRows::measure),
          new Group("burst300", "300 creates at once", false, BurstRows::large),
          new Group("restart", "restart with 300 sandboxes up", false, RestartRows::measure),
          new Group("idle", "500 idle, five minutes of rest", false, IdleRows::measure));

  private static final int MOST_PAGES = 10;

  private Catalogue() {}

  /** Names of all groups with what they are. */
  static String list() {
    return GROUPS.stream()
        .map(group ->
            String.format(
                "%-10s %s%s%n", group.name(), group.says(), group.quick() ? "" : " (--complete)"))
        .collect(Collectors.joining());
  }

  /**
   * The groups of a run.
   *
   * @param complete whether also those that take long
   * @param only names; all when empty
   * @throws IllegalArgumentException for a name that there is not
   */
  static List<Group> chosen(boolean complete, List<String> only) {
    List<String> known = GROUPS.stream().map(Group::name).toList();
    for (String name : only) {
      if (!known.contains(name)) {
        throw new IllegalArgumentException("no row " + name + "; there are " + known);
      }
    }
    return GROUPS.stream()
        .filter(group -> only.isEmpty() ? complete || group.quick() : only.contains(group.name()))
        .toList();
  }

  /** Measures groups; one that fails is a failed row, and the others still run. */
  static List<Row> measure(Run run, List<Group> groups) {
    clear(run);
    List<Row> rows = new ArrayList<>();
    for (Group group : groups) {
      try {
        rows.addAll(group.measure().apply(run));
      } catch (RuntimeException e) {
        run.say("FAILED: " + e);
        rows.add(Row.failed(group.name() + ": " + group.says(), "FAILED: " + e));
        clear(run);
      }
    }
    return rows;
  }

  /** Deletes what this run or a former one left, a page at a time. */
  private static void clear(Run run) {
    List<String> left = run.api().leftovers();
    for (int page = 0; page < MOST_PAGES && !left.isEmpty(); page++) {
      left.forEach(run.api()::delete);
      left = run.api().leftovers();
    }
  }
}
