package io.daytona.bench.toolbox;

import io.daytona.bench.client.Channel;
import io.daytona.bench.row.Row;
import io.daytona.bench.row.Samples;
import java.util.List;
import java.util.Map;

/** What comes by itself: the echo of a key, and lines of a log. */
final class StreamRows {
  private static final int WARM_UPS = 10;
  private static final String ERASE = "\u007f";

  private StreamRows() {}

  static List<Row> measure(Bench bench) {
    return List.of(
        bench.row("terminal: key → its echo", () -> keystroke(bench)),
        bench.row("log: line printed → received", () -> follow(bench)));
  }

  private static Row keystroke(Bench bench) {
    String session = "/process/pty/bench-terminal";
    Samples ours = new Samples();
    try (Channel channel =
        bench
            .api()
            .open(
                bench.sandbox(), "/process/pty/create-connect?id=bench-terminal&cols=80&rows=24")) {
      channel.send("PS1='rea''dy> '\r");
      channel.receiveUntil("ready> ");
      for (int turn = 0; turn < WARM_UPS + bench.count(); turn++) {
        Samples into = turn < WARM_UPS ? new Samples() : ours;
        into.time(() -> {
          channel.send("x");
          channel.receiveUntil("x");
        });
        channel.send(ERASE);
        channel.receiveUntil("\b");
      }
    } finally {
      bench.call("DELETE", session);
    }
    return bench.besideDocker(
        Row.latency("terminal: key → its echo", ours, 0)
            .beside(bench.bare("keystroke", bench.count())),
        docker -> docker.exec("keystroke", bench.count()));
  }

  /** Lines carry the time at which they were printed; sandbox and client share the host's clock. */
  private static Row follow(Bench bench) {
    String session = "/process/session/bench-log";
    bench.post("/process/session", Map.of("sessionId", "bench-log"));
    try {
      String stamps = bench.command("print-stamps", bench.count());
      String command =
          bench
              .post(session + "/exec", Map.of("command", stamps, "runAsync", true))
              .path("cmdId")
              .asText();
      Samples ours = new Samples();
      try (Channel channel =
          bench
              .api()
              .open(bench.sandbox(), session + "/command/" + command + "/logs?follow=true")) {
        for (Channel.Message next = channel.receive(); !next.closed(); next = channel.receive()) {
          long came = next.epochNanos();
          next.text().lines().forEach(line -> ours.add(came - stamp(line)));
        }
      }
      Bench.check(bench.count(), ours.size());
      return bench.besideDocker(
          Row.latency("log: line printed → received", ours, 0)
              .beside(bench.bare("follow", bench.count())),
          docker -> docker.exec("follow", bench.count()));
    } finally {
      bench.call("DELETE", session);
    }
  }

  private static long stamp(String line) {
    return Long.parseLong(line.replaceAll("\\D", "")); // without the marker of the stream
  }
}
