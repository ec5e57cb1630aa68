package io.daytona.bench.toolbox;

import io.daytona.bench.client.Api;
import io.daytona.bench.row.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Function;

/** The rows of the toolbox. */
public final class ToolboxSuite {
  private final Api api;
  private final int count;
  private final Consumer<String> progress;

  /**
   * Measures a platform.
   *
   * @param api the platform
   * @param count samples of a row that is quick; slow ones take fewer
   * @param progress told what is being measured
   */
  public ToolboxSuite(Api api, int count, Consumer<String> progress) {
    this.api = api;
    this.count = count;
    this.progress = progress;
  }

  /** Measures all rows, in sandboxes that are deleted again. */
  public List<Row> run() {
    List<Row> rows = new ArrayList<>();
    rows.addAll(
        in(
            "daytona-small",
            List.of(
                CommandRows::measure, StreamRows::measure, SearchRows::measure, LspRow::measure)));
    rows.addAll(in("daytona-medium", List.of(TransferRows::measure)));
    rows.addAll(in("daytona-medium", List.of(GitRow::measure)));
    return rows;
  }

  private List<Row> in(String snapshot, List<Function<Bench, List<Row>>> groups) {
    Bench bench = Bench.in(api, snapshot, count, progress);
    try {
      return groups.stream().flatMap(group -> group.apply(bench).stream()).toList();
    } finally {
      api.delete(bench.sandbox().id());
    }
  }
}
