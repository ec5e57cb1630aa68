package io.daytona.bench.toolbox;

import io.daytona.bench.row.Row;
import io.daytona.bench.row.Samples;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/** One large file each way, and many small ones with one request. */
final class TransferRows {
  private static final int MEBIBYTES = 256;
  private static final int LARGE = MEBIBYTES << 20;
  private static final int SMALL_FILES = 1000;
  private static final int SMALL = 1024;
  private static final String BULK_UPLOAD = "bulk upload of 1,000 files of 1 KiB";
  private static final String BULK_DOWNLOAD = "bulk download of 1,000 files of 1 KiB";

  private TransferRows() {}

  static List<Row> measure(Bench bench) {
    byte[] bytes = new byte[LARGE];
    new Random(1).nextBytes(bytes);
    return List.of(
        bench.row("upload of 256 MiB", () -> upload(bench, bytes)),
        bench.row("download of 256 MiB", () -> download(bench)),
        bench.row(BULK_UPLOAD, () -> bulkUpload(bench)),
        bench.row(BULK_DOWNLOAD, () -> bulkDownload(bench)));
  }

  private static Row upload(Bench bench, byte[] bytes) {
    Samples ours = rates(times(bench), () -> bench.api().upload(bench.sandbox(), "big.bin", bytes));
    return Row.atLeast("upload of 256 MiB", "MB/s", ours, 600)
        .beside(bench.bareRate(LARGE, "write", times(bench), MEBIBYTES));
  }

  private static Row download(Bench bench) {
    Samples ours =
        rates(
            times(bench),
            () -> Bench.check((long) LARGE, bench.api().download(bench.sandbox(), "big.bin")));
    return Row.atLeast("download of 256 MiB", "MB/s", ours, 1000)
        .beside(bench.bareRate(LARGE, "read", times(bench), "big.bin"));
  }

  private static Samples rates(int times, Runnable action) {
    action.run();
    Samples samples = new Samples();
    for (int turn = 0; turn < times; turn++) {
      long begin = System.nanoTime();
      action.run();
      samples.addRate(LARGE, System.nanoTime() - begin);
    }
    return samples;
  }

  private static int times(Bench bench) {
    return Math.clamp(bench.count() / 10, 3, 10);
  }

  private static Row bulkUpload(Bench bench) {
    int times = times(bench);
    byte[] content = new byte[SMALL];
    new Random(2).nextBytes(content);
    Samples ours = new Samples();
    for (int turn = 0; turn <= times; turn++) {
      Map<String, byte[]> files = new LinkedHashMap<>();
      names(turn).forEach(name -> files.put(name, content));
      Samples into = turn == 0 ? new Samples() : ours;
      into.time(() -> Bench.check(SMALL_FILES, bench.api().uploadAll(bench.sandbox(), files)));
    }
    return Row.latency(BULK_UPLOAD, ours, 0, Double.NaN, Double.NaN)
        .beside(bench.bare("unpack", times, SMALL_FILES, SMALL));
  }

  /** After the upload, of its first turn's files. */
  private static Row bulkDownload(Bench bench) {
    int times = times(bench);
    List<String> names = names(0);
    Samples ours = new Samples();
    for (int turn = 0; turn <= times; turn++) {
      Samples into = turn == 0 ? new Samples() : ours;
      into.time(() -> Bench.check(SMALL_FILES, bench.api().downloadAll(bench.sandbox(), names)));
    }
    return Row.latency(BULK_DOWNLOAD, ours, 0, Double.NaN, Double.NaN)
        .beside(bench.bare("pack", times, "bulk-0"));
  }

  private static List<String> names(int turn) {
    return IntStream.range(0, SMALL_FILES)
        .mapToObj(number -> "bulk-" + turn + "/" + number + ".txt")
        .toList();
  }
}
