package io.daytona.runner.sandbox;

import io.daytona.runner.RunnerConfig;
import io.daytona.runner.testing.JailedTest;
import io.daytona.toolbox.agent.client.AgentClient;
import io.daytona.wire.runner.SandboxSpec;
import io.daytona.wire.runner.StartedSandbox;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

@SuppressWarnings({"StringSplitter", "all"})
class ScratchTimingTest extends JailedTest {
  static SandboxSpec s3() {
    SandboxSpec s = spec();
    return new SandboxSpec(
        s.id(), "o", s.layers(), 1, 1, 3, "daytona", Map.of(), List.of(), "default");
  }

  static String p(List<Long> v) {
    List<Long> s = v.stream().sorted().toList();
    return "min="
        + s.getFirst()
        + " p50="
        + s.get(s.size() / 2)
        + " p95="
        + s.get(s.size() * 95 / 100)
        + " max="
        + s.getLast();
  }

  static long[] cpu() throws Exception {
    for (ProcessHandle h : ProcessHandle.current().children().toList()) {
      String[] f = Files.readString(Path.of("/proc/" + h.pid() + "/stat")).split(" ", -1);
      if (f[1].contains("jailer")) {
        return new long[] {
          Long.parseLong(f[13]) + Long.parseLong(f[14]),
          Long.parseLong(f[15]) + Long.parseLong(f[16]),
          ProcessHandle.current().info().totalCpuDuration().get().toMillis() / 10
        };
      }
    }
    return new long[3];
  }

  static void cost(String what, long[] a, int n) throws Exception {
    long[] b = cpu();
    System.out.println(
        "CPU ms each "
            + what
            + ": jailer "
            + (b[0] - a[0]) * 10.0 / n
            + " its children "
            + (b[1] - a[1]) * 10.0 / n
            + " jvm "
            + (b[2] - a[2]) * 10.0 / n);
  }

  @Test
  void measure() throws Exception {
    RunnerConfig c = jailer.runnerConfig();
    c =
        new RunnerConfig(
            c.dataDirectory(),
            100,
            2,
            4,
            "3:100",
            512,
            c.stopGrace(),
            c.agentPatience(),
            c.jailerPatience());
    try (HostRunner r = HostRunner.open(c, AgentClient::connect)) {
      r.importLayer(layer);
      r.importLayer(environmentLayer);
      long[] z = cpu();
      r.awaitIdle(LONG);
      cost("slot+disk", z, 100);
      for (int k = 0; k < 2; k++) {
        r.awaitIdle(LONG);
        List<SandboxSpec> specs = new ArrayList<>();
        List<Long> all = new ArrayList<>(),
            slot = new ArrayList<>(),
            jail = new ArrayList<>(),
            agent = new ArrayList<>(),
            stop = new ArrayList<>(),
            del = new ArrayList<>();
        z = cpu();
        for (int i = 0; i < 60; i++) {
          SandboxSpec s = s3();
          specs.add(s);
          long t = System.nanoTime();
          StartedSandbox st = r.start(s);
          all.add((System.nanoTime() - t) / 1000);
          slot.add(st.micros().slot());
          jail.add(st.micros().jailer());
          agent.add(st.micros().agent());
        }
        cost("start", z, 60);
        System.out.println(
            "SEQ start "
                + p(all)
                + " slot "
                + p(slot)
                + " jailer "
                + p(jail)
                + " agent "
                + p(agent));
        z = cpu();
        for (SandboxSpec s : specs) {
          long t = System.nanoTime();
          r.stop(s.id(), false);
          stop.add((System.nanoTime() - t) / 1000);
        }
        cost("stop", z, 60);
        System.out.println("SEQ stop " + p(stop));
        z = cpu();
        for (SandboxSpec s : specs) {
          long t = System.nanoTime();
          r.destroy(s.id());
          del.add((System.nanoTime() - t) / 1000);
        }
        r.awaitIdle(LONG);
        cost("destroy with drops", z, 60);
        System.out.println("SEQ destroy " + p(del));
      }
    }
  }
}
