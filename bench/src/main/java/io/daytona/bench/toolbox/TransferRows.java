package io.daytona.bench.toolbox;

import io.daytona.bench.row.Row;
import io.daytona.bench.row.Row.Reference;
import io.daytona.bench.row.Samples;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.IntStream;

/** One large file each way, and many small ones with one request. */
final class TransferRows {
  private static final int MEBIBYTES = 256;
  private static final int LARGE = MEBIBYTES << 20;
  private static final int SMALL_FILES = 1000;
  private static final int SMALL = 1024;
  private static final int TIMES_OF_DOCKER = 3;
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
    Row row =
        Row.atLeast("upload of 256 MiB", "MB/s", ours, 600)
            .beside(bench.bareRate(LARGE, "write", times(bench), MEBIBYTES));
    return bench.besideDocker(
        row, docker -> copied(docker.copyIn(TIMES_OF_DOCKER, file(bench, "big.bin", bytes))));
  }

  private static Row download(Bench bench) {
    Samples ours =
        rates(
            times(bench),
            () -> Bench.check((long) LARGE, bench.api().download(bench.sandbox(), "big.bin")));
    Row row =
        Row.atLeast("download of 256 MiB", "MB/s", ours, 1000)
            .beside(bench.bareRate(LARGE, "read", times(bench), "big.bin"));
    return bench.besideDocker(
        row,
        docker ->
            copied(
                docker.copyOut(
                    TIMES_OF_DOCKER, "/root/big.bin", beside(bench, "big.out").toString())));
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
    Row row =
        Row.latency(BULK_UPLOAD, ours, 0).beside(bench.bare("unpack", times, SMALL_FILES, SMALL));
    return bench.besideDocker(
        row,
        docker -> {
          names(0).forEach(name -> file(bench, name, content));
          String directory = beside(bench, "bulk-0").toString();
          return Reference.of("docker cp", docker.copyIn(TIMES_OF_DOCKER, directory));
        });
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
    return bench.besideDocker(
        Row.latency(BULK_DOWNLOAD, ours, 0).beside(bench.bare("pack", times, "bulk-0")),
        docker ->
            Reference.of(
                "docker cp",
                docker.copyOut(
                    TIMES_OF_DOCKER, "/root/bulk-0", beside(bench, "bulk.out").toString())));
  }

  private static Reference copied(Samples durations) {
    return Reference.of("docker cp", durations.rates(LARGE));
  }

  /** A file of the host, made. */
  private static String file(Bench bench, String name, byte[] content) {
    try {
      Path path = beside(bench, name);
      Files.createDirectories(Objects.requireNonNull(path.getParent()));
      return Files.write(path, content).toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path beside(Bench bench, String name) {
    return bench.run().bare().file().resolveSibling(name);
  }

  private static List<String> names(int turn) {
    return IntStream.range(0, SMALL_FILES)
        .mapToObj(number -> "bulk-" + turn + "/" + number + ".txt")
        .toList();
  }
}
