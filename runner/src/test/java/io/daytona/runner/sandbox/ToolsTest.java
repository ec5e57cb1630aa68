package io.daytona.runner.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.runner.testing.JailedTest;
import io.daytona.wire.runner.SandboxSpec;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What the platform brings into a sandbox, over releases. */
@Tag("slow")
class ToolsTest extends JailedTest {
  private static final Instant BEGIN = Instant.parse("2026-01-01T00:00:00Z");

  private static String run(HostRunner runner, SandboxSpec spec) {
    return shell(runner.find(spec.id()).agent(), "/.daytona/bin/tool");
  }

  private static Path description(String layer) {
    return jailer.data().resolve("images").resolve(layer + ".json");
  }

  private static SandboxSpec started(HostRunner runner) {
    SandboxSpec spec = spec();
    runner.start(spec);
    return spec;
  }

  @Test
  void aSandboxKeepsItsToolsAndUnusedOnesAreDropped() throws Exception {
    SandboxSpec bare;
    try (HostRunner runner = open()) {
      bare = started(runner);
      assertEquals("agent", shell(runner.find(bare.id()).agent(), "ls /.daytona"));
    }
    jailer.prepareTools("tools0000001", "#!/bin/sh\necho one\n", BEGIN);
    SandboxSpec one;
    try (HostRunner runner = open()) {
      one = started(runner);
      assertEquals("one", run(runner, one));
    }
    jailer.prepareTools("tools0000002", "#!/bin/sh\necho two\n", BEGIN.plusSeconds(10));
    try (HostRunner runner = open()) {
      assertTrue(runner.awaitIdle(LONG));
      SandboxSpec two = started(runner);
      assertEquals("two", run(runner, two));
      assertEquals("one", run(runner, one));
      assertTrue(runner.layers().contains("tools0000001"), "in use");
      runner.destroy(one.id());
      assertTrue(runner.awaitIdle(LONG));
      assertFalse(runner.layers().contains("tools0000001"));
      assertFalse(Files.exists(description("tools0000001")), "its build would take it for done");
      assertEquals("two", run(runner, two));
      runner.destroy(two.id());
      runner.destroy(bare.id());
      assertTrue(runner.awaitIdle(LONG));
    }
    jailer.describeTools("tools0000003", BEGIN.plusSeconds(20)); // its layer was lost
    try (HostRunner runner = open()) {
      SandboxSpec three = started(runner);
      assertEquals("two", run(runner, three), "the release before serves");
      assertFalse(Files.exists(description("tools0000003")));
      runner.destroy(three.id());
      assertTrue(runner.awaitIdle(LONG));
    }
  }
}
