package io.daytona.bench.toolbox;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.bench.client.Channel;
import io.daytona.bench.row.Row;
import io.daytona.bench.row.Samples;
import java.util.List;
import java.util.Map;

/** Commands and code: each its own process, and each in a shell or interpreter that stays. */
final class CommandRows {
  private static final int WARM_UPS = 50;
  private static final String CODE = "print(1)";

  private CommandRows() {}

  static List<Row> measure(Bench bench) {
    return List.of(
        bench.row("exec true", () -> exec(bench)),
        bench.row("code-run print(1)", () -> codeRun(bench)),
        bench.row("interpreter print(1), warm context", () -> interpreter(bench)),
        bench.row("session command echo 1", () -> session(bench)));
  }

  private static Row exec(Bench bench) {
    int times = bench.count() * 3;
    Samples ours =
        Bench.repeated(times, WARM_UPS, () -> bench.api().execute(bench.sandbox(), "true"));
    return bench.besideDocker(
        Row.latency("exec true", ours, 0, 1.5, 5).beside(bench.bare("execute", times)),
        docker -> docker.exec("execute", times));
  }

  private static Row codeRun(Bench bench) {
    Samples ours =
        Bench.repeated(
            bench.count(),
            WARM_UPS / 5,
            () -> Bench.check("1", bench.api().codeRun(bench.sandbox(), CODE).strip()));
    return bench.besideDocker(
        Row.latency("code-run print(1)", ours, 0, 14, 25).beside(bench.bare("code", bench.count())),
        docker -> docker.exec("code", bench.count()));
  }

  private static Row interpreter(Bench bench) {
    String context = bench.post("/process/interpreter/context", Map.of()).path("id").asText();
    String request = "{\"code\":\"" + CODE + "\",\"contextId\":\"" + context + "\"}";
    try {
      Samples ours = Bench.repeated(bench.count(), WARM_UPS / 5, () -> interpret(bench, request));
      return bench.besideDocker(
          Row.latency("interpreter print(1), warm context", ours, 0)
              .beside(bench.bare("interpreter", bench.count())),
          docker -> docker.exec("interpreter", bench.count()));
    } finally {
      bench.call("DELETE", "/process/interpreter/context/" + context);
    }
  }

  /** One socket an execution, as the protocol has it: handshake, output, close. */
  private static void interpret(Bench bench, String request) {
    try (Channel channel = bench.api().open(bench.sandbox(), "/process/interpreter/execute")) {
      channel.send(request);
      StringBuilder frames = new StringBuilder();
      Channel.Message next = channel.receive();
      for (; !next.closed(); next = channel.receive()) {
        frames.append(next.text());
      }
      if (next.closeCode() != 1000 || frames.indexOf("\"stdout\"") < 0) {
        throw new IllegalStateException("interpreter closed with " + next + " after " + frames);
      }
    }
  }

  private static Row session(Bench bench) {
    String path = "/process/session/bench-commands";
    bench.post("/process/session", Map.of("sessionId", "bench-commands"));
    try {
      Samples ours =
          Bench.repeated(
              bench.count(),
              WARM_UPS / 5,
              () -> {
                JsonNode answer = bench.post(path + "/exec", Map.of("command", "echo 1"));
                Bench.check(0, answer.path("exitCode").asInt(-1));
              });
      return bench.besideDocker(
          Row.latency("session command echo 1", ours, 0)
              .beside(bench.bare("session", bench.count())),
          docker -> docker.exec("session", bench.count()));
    } finally {
      bench.call("DELETE", path);
    }
  }
}
