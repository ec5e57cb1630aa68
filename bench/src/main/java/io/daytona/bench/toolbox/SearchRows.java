package io.daytona.bench.toolbox;

import io.daytona.bench.row.Row;
import io.daytona.bench.row.Samples;
import java.util.List;

/** Content and names looked for in a tree of 10,000 files, of which every hundredth matches. */
final class SearchRows {
  private static final int FILES = 10_000;
  private static final int MATCHES = 100;
  private static final String TREE = "tree";

  private SearchRows() {}

  static List<Row> measure(Bench bench) {
    return List.of(
        bench.row("find text in 10,000 files", () -> find(bench)),
        bench.row("search names of 10,000 files", () -> search(bench)));
  }

  private static Row find(Bench bench) {
    bench.program("make-tree", TREE, FILES);
    Samples ours =
        Bench.repeated(
            times(bench),
            2,
            () ->
                Bench.check(
                    MATCHES,
                    bench.call("GET", "/files/find?path=" + TREE + "&pattern=needle").size()));
    Row row =
        Row.latency("find text in 10,000 files", ours, 0)
            .beside(bench.bare("find", times(bench), TREE));
    return bench.besideDocker(
        row,
        docker -> {
          docker.prepare("python3", "/bare.py", "make-tree", "/tree", Integer.toString(FILES));
          return docker.exec("find", times(bench), "/tree");
        });
  }

  private static Row search(Bench bench) {
    String path = "/files/search?path=" + TREE + "&pattern=*needle*";
    Samples ours =
        Bench.repeated(
            times(bench),
            2,
            () -> Bench.check(MATCHES, bench.call("GET", path).path("files").size()));
    return bench.besideDocker(
        Row.latency("search names of 10,000 files", ours, 0)
            .beside(bench.bare("search", times(bench), TREE)),
        docker -> docker.exec("search", times(bench), "/tree"));
  }

  private static int times(Bench bench) {
    return Math.max(5, bench.count() / 5);
  }
}
