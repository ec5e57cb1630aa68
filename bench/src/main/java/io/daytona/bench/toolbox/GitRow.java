package io.daytona.bench.toolbox;

import io.daytona.bench.row.Row;
import io.daytona.bench.row.Samples;
import java.util.List;
import java.util.Map;

/** A clone of a repository of 100 MiB that lies in the same sandbox, by git's own transport. */
final class GitRow {
  private static final String NAME = "git clone of 100 MiB";

  private GitRow() {}

  static List<Row> measure(Bench bench) {
    return List.of(bench.row(NAME, () -> clone(bench)));
  }

  private static Row clone(Bench bench) {
    int times = Math.clamp(bench.count() / 20, 1, 5);
    String url = "file://" + bench.home() + "/repository";
    bench.program("make-repository", "repository", 100);
    Samples ours = new Samples();
    for (int turn = 0; turn < times; turn++) {
      ours.time(() -> bench.post("/git/clone", Map.of("url", url, "path", "clone")));
      Bench.check("100", bench.api().execute(bench.sandbox(), "ls clone | wc -l").strip());
      bench.api().execute(bench.sandbox(), "rm -rf clone");
    }
    return bench.besideDocker(
        Row.latency(NAME, ours, 0).beside(bench.bare("clone", times, url)),
        docker -> {
          docker.prepare(
              "sh",
              "-c",
              "mkdir -p /.daytona/bin;"
                  + " ln -sf \"$(command -v git)\" /.daytona/bin/git;"
                  + " python3 /bare.py make-repository /repository 100");
          return docker.exec("clone", times, "file:///repository");
        });
  }
}
