package io.daytona.bench.toolbox;

import io.daytona.bench.row.Row;
import io.daytona.bench.run.Run;
import java.util.List;
import java.util.function.Function;

/** The rows of the toolbox, in sandboxes that are deleted again. */
public final class ToolboxSuite {
  private ToolboxSuite() {}

  /** Commands, code, streams, searches, language servers. */
  public static List<Row> commands(Run run) {
    return in(
        run,
        Run.SNAPSHOT,
        List.of(CommandRows::measure, StreamRows::measure, SearchRows::measure, LspRow::measure));
  }

  /** Files that go up and down. */
  public static List<Row> transfers(Run run) {
    return in(run, "daytona-medium", List.of(TransferRows::measure));
  }

  /** A clone. */
  public static List<Row> git(Run run) {
    return in(run, "daytona-medium", List.of(GitRow::measure));
  }

  private static List<Row> in(Run run, String snapshot, List<Function<Bench, List<Row>>> groups) {
    try (Bench bench = Bench.in(run, snapshot)) {
      return groups.stream().flatMap(group -> group.apply(bench).stream()).toList();
    }
  }
}
