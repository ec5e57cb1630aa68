package io.daytona.toolbox.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.toolbox.RealAgent;
import io.daytona.toolbox.ToolboxServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Sessions in every shell that an image may have (toolbox protocol §2.1, §3.1). */
@Timeout(60)
@Tag("slow")
class SessionShellsTest {
  private static final List<String> BROKEN =
      List.of(
          "if then (",
          "echo \"open",
          "echo 'open",
          "echo `open",
          "echo $(open",
          "echo ${open",
          ")",
          "cat <<E\nopen",
          ". /no/such/file",
          "{ echo",
          "f() {",
          "case x in",
          "x=(1",
          "return 3");

  @TempDir Path directory;

  static Stream<Arguments> shells() {
    return Stream.of(
        Arguments.of("exec bash", true),
        Arguments.of("exec dash", false),
        Arguments.of("exec busybox sh", false),
        // A user that must not log in: the plain shell serves.
        Arguments.of("exit 1", false),
        // A program that reads, but is no shell.
        Arguments.of("exec cat > /dev/null", false));
  }

  @ParameterizedTest
  @MethodSource("shells")
  void nothingEndsTheShellButItself(String script, boolean bash) throws Exception {
    Path shell = Files.writeString(directory.resolve("shell"), "#!/bin/sh\n" + script + "\n");
    assertTrue(shell.toFile().setExecutable(true));
    Path list = Files.writeString(directory.resolve("shells"), "# no preferred shell\n");
    try (ToolboxServer server =
        ToolboxServer.start(RealAgent.startWith(list, Path.of("/etc/shells")))) {
      server
          .client()
          .identity("", Map.of("SHELL", shell.toString()), "root", server.work().toString());
      SessionClient session = SessionClient.create(server, "s");
      String version = session.run("echo \"${BASH_VERSION-}\"").get("stdout").textValue();
      assertEquals(bash, !version.isBlank());
      session.run("export KEPT=1; cd /usr");
      for (String broken : BROKEN) {
        JsonNode reply = session.run("echo before\n" + broken);
        assertEquals("before", reply.get("stdout").textValue().lines().findFirst().orElse(""));
        assertEquals("1 /usr\n", session.run("echo $KEPT $PWD").get("stdout").textValue(), broken);
      }
      String large = "echo begin\necho '" + "z".repeat(70_000) + "' | wc -c\nif then (";
      assertTrue(session.run(large).get("stdout").textValue().startsWith("begin\n70001"));
      assertEquals(5, session.run("(exit 5)").get("exitCode").intValue());
      assertEquals(7, session.run("exit 7").get("exitCode").intValue());
      assertEquals(204, session.delete().statusCode());
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"root", "nobody"})
  void anyUserCanUseThem(String user) throws Exception {
    try (ToolboxServer server = ToolboxServer.start(RealAgent.start(), user, "/tmp")) {
      SessionClient session = SessionClient.create(server, "s");
      JsonNode reply = session.run("id -un; echo e >&2; cat");
      assertEquals(user + "\n", reply.get("stdout").textValue());
      assertEquals("e\n", reply.get("stderr").textValue());
      String reads = session.start("read x; echo \"got $x\"; exit 3");
      session.input(reads, "this");
      assertEquals(3, session.await(reads));
      assertEquals("this\ngot this\n", session.logs(reads).get("stdout").textValue());
    }
  }
}
