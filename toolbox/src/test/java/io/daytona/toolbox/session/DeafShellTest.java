package io.daytona.toolbox.session;

import static io.daytona.toolbox.Replies.assertError;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.toolbox.RealAgent;
import io.daytona.toolbox.ToolboxServer;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Commands after which a shell cannot report any more, or seems to. */
@Timeout(60)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@Tag("slow")
class DeafShellTest {
  private static final String[] NEW = {"X-Daytona-SDK-Version", "0.205.0"};
  private static final String DEAF =
      "gone: the session's shell reads commands but does not execute";

  @TempDir Path directory;
  private ToolboxServer server;

  @BeforeAll
  void start() throws Exception {
    server = ToolboxServer.start(RealAgent.startWithTools());
  }

  @AfterAll
  void stop() throws Exception {
    server.close();
  }

  /** Each takes seconds, in which nothing happens. */
  @Test
  void allThatTakeTime() throws Exception {
    List<Case> all = new ArrayList<>();
    for (String command :
        List.of("set -n", "command() { :; }", "enable -n command", "cat <&10 >/dev/null")) {
      all.add(() -> executesNothingAnyMore(command));
    }
    all.add(this::waitingCommandsAreGivenUpToo);
    all.add(this::stoppedAgainAndAgain);
    all.add(this::longCommandIsWaitedFor);
    all.add(() -> otherShell("dash"));
    all.add(() -> otherShell("busybox sh"));
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> running = new ArrayList<>();
      for (Case one : all) {
        running.add(
            threads.submit(() -> {
              one.run();
              return true;
            }));
      }
      for (Future<?> one : running) {
        one.get();
      }
    }
  }

  /** Something that goes well, or throws. */
  private interface Case {
    void run() throws Exception;
  }

  private void executesNothingAnyMore(String command) throws Exception {
    SessionClient session = SessionClient.create(server, "deaf" + command.hashCode());
    String running = session.start("sleep 0.1");
    assertEquals(0, session.await(running));
    assertError(exec(session, command), 410, "SESSION_ENDED", DEAF);
    assertError(exec(session, "echo hi"), 410, "SESSION_ENDED", DEAF);
    assertEquals(204, session.delete().statusCode());
  }

  private void waitingCommandsAreGivenUpToo() throws Exception {
    SessionClient session = SessionClient.create(server, "waiting");
    String deafening = session.start("set -n");
    String behind = session.start("echo never");
    assertEquals(Session.NEVER_RAN, session.await(deafening));
    assertEquals(Session.NEVER_RAN, session.await(behind));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "enable -n kill; PATH=/nowhere",
        "enable -n echo",
        "kill -STOP $$",
        "exec 1>&-",
        "exec >/dev/full",
        "exec 0<&-",
        "exec </dev/zero",
        "trap '' 1 2 3 15",
        "set -eu; set -Cf",
        "IFS=xyz0123456789; unset PATH",
        "PROMPT_COMMAND='sleep 100'",
        "alias echo=true command=\"echo '\" kill=true",
        "printf() { :; }; eval() { :; }; builtin() { :; }; kill() { :; }",
        "ulimit -f 0; umask 777",
      })
  void oneThatGoesOn(String command) throws Exception {
    SessionClient session = SessionClient.create(server, "on" + command.hashCode());
    session.run(command);
    assertEquals("hi\n", session.run("echo hi").get("stdout").textValue());
  }

  private void stoppedAgainAndAgain() throws Exception {
    SessionClient session = SessionClient.create(server, "stops");
    session.run("trap 'kill -STOP $$' DEBUG");
    assertEquals(204, session.delete().statusCode());
  }

  private void otherShell(String program) throws Exception {
    Path own = Files.createDirectory(directory.resolve(program));
    Path shell = Files.writeString(own.resolve("shell"), "#!/bin/sh\nexec " + program + "\n");
    assertTrue(shell.toFile().setExecutable(true));
    Path list = Files.writeString(own.resolve("shells"), "# no preferred shell\n");
    try (ToolboxServer other =
        ToolboxServer.start(RealAgent.startWithTools(list, Path.of("/etc/shells")))) {
      other
          .client()
          .identity("", Map.of("SHELL", shell.toString()), "root", other.work().toString());
      SessionClient session = SessionClient.create(other, "s");
      Path fifo = other.work().resolve("fifo");
      session.run("mkfifo " + fifo);
      // The shell itself waits, for longer than it takes to find a deaf one out.
      session.start("(sleep 7; echo late >" + fifo + ") & read x <" + fifo + "; echo $x");
      assertEquals("hi\n", session.run("echo hi").get("stdout").textValue());
      session.run("alias echo=true kill=true");
      session.run("kill -STOP $$");
      assertEquals("hi\n", session.run("command echo hi").get("stdout").textValue());
      assertError(exec(session, "set -n"), 410, "SESSION_ENDED", DEAF);
    }
  }

  private static HttpResponse<byte[]> exec(SessionClient session, String command) throws Exception {
    return session.exec(Map.of("command", command), NEW);
  }

  private void longCommandIsWaitedFor() throws Exception {
    SessionClient session = SessionClient.create(server, "long");
    assertEquals("late\n", session.run("sleep 8; echo late").get("stdout").textValue());
  }
}
