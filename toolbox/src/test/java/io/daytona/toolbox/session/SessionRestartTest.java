package io.daytona.toolbox.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.toolbox.RealAgent;
import io.daytona.toolbox.Replies;
import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.ToolboxServer;
import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.client.AgentClient;
import io.daytona.toolbox.process.Shells;
import io.daytona.toolbox.session.log.CommandLog;
import io.daytona.toolbox.session.log.LogForm;
import io.daytona.toolbox.session.log.LogStream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.net.http.HttpClient;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What is left of sessions when the platform is restarted, and where their logs go. */
@Timeout(120)
@Tag("slow")
class SessionRestartTest {
  @TempDir Path home;
  private RealAgent agent;

  @BeforeEach
  void start() throws Exception {
    agent = RealAgent.start();
  }

  @AfterEach
  void stop() throws Exception {
    agent.close();
  }

  private SandboxSessions sessions(AgentClient client, SessionLimits limits) throws Exception {
    Agent.ResolvedIdentity identity =
        client.identity("", Map.of(), "root", agent.work().toString());
    Running sandbox = new Running("box", client, home.toString(), identity.cwd(), identity.user());
    return SandboxSessions.restore(sandbox, new Shells(), limits);
  }

  private static Command run(Session session, String text) throws Exception {
    Session.Started started = session.start(text, false, false);
    started.output().close();
    started.command().exit().get();
    return started.command();
  }

  private static String text(SandboxSessions sessions, Session session, String id)
      throws IOException {
    try (CommandLog log = sessions.log(session, session.command(id).orElseThrow());
        InputStream in = new LogStream(log.snapshot(), LogForm.MARKED)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static BufferedReader follow(ToolboxServer server, String path) throws Exception {
    InputStream in =
        HttpClient.newHttpClient()
            .send(server.request(path + "/logs?follow=true").build(), BodyHandlers.ofInputStream())
            .body();
    return new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
  }

  @Test
  void everythingGoesOnAndIsFoundAgain() throws Exception {
    String done;
    String running;
    String queued;
    ToolboxServer first = ToolboxServer.start(agent);
    try {
      SessionClient session = SessionClient.create(first, "s 1 ü");
      done = session.run("kept=1; cd /usr; echo done; (exit 3)").get("cmdId").textValue();
      running =
          session.start(
              "n=0; while read x; do n=$((n+1)); echo \"line $n\"; [ $n = 4 ] && break; done",
              true);
      queued = session.start("echo \"$kept $PWD $n\"");
      try (BufferedReader lines = follow(first, session.path(running))) {
        session.input(running, "a\nb");
        assertEquals("line 1", lines.readLine());
        assertEquals("line 2", lines.readLine());
      }
    } finally {
      first.closePlatform();
    }
    ToolboxServer second = ToolboxServer.start(agent);
    try {
      SessionClient session = SessionClient.existing(second, "s 1 ü");
      JsonNode all = Replies.ok(second.get("/process/session", SessionClient.CURRENT));
      assertEquals("s 1 ü", all.get(0).get("sessionId").textValue());
      JsonNode commands = all.get(0).get("commands");
      assertEquals(3, commands.size());
      assertEquals(done, commands.get(0).get("id").textValue());
      assertEquals(3, commands.get(0).get("exitCode").intValue());
      assertNull(commands.get(1).get("exitCode"));
      assertNull(commands.get(2).get("exitCode"));
      try (BufferedReader lines = follow(second, session.path(running))) {
        assertEquals("line 1", lines.readLine());
        assertEquals("line 2", lines.readLine());
        session.input(running, "c\nd");
        assertEquals(List.of("line 3", "line 4"), lines.lines().toList());
      }
      assertEquals(0, session.await(queued));
      assertEquals("1 /usr 4\n", session.logs(queued).get("stdout").textValue());
      assertEquals("done\n", session.logs(done).get("stdout").textValue());
      assertEquals("1\n", session.run("echo $kept").get("stdout").textValue());
      assertEquals(4, session.get().get("commands").size());
      assertEquals(204, session.delete().statusCode());
      assertTrue(second.client().processes().isEmpty());
    } finally {
      second.closePlatform();
    }
  }

  @Test
  void aSessionThatEndedMeanwhileIsKnownToHaveEnded() throws Exception {
    String id;
    try (AgentClient client = agent.connect()) {
      SandboxSessions before = sessions(client, SessionLimits.DEFAULT);
      before.create("s", "/");
      Session session = before.find("s");
      Session.Started started = session.start("read x; echo $x; exit 7", true, true);
      id = started.command().id();
      session.start("echo never", false, false).output().close();
      client.input(started.command().process(), new byte[] {'y', '\n'}, false);
      assertEquals(7, started.command().exit().get());
    }
    try (AgentClient client = agent.connect()) {
      SandboxSessions after = sessions(client, SessionLimits.DEFAULT);
      Session session = after.find("s");
      assertTrue(session.isEnded());
      assertEquals(7, session.command(id).orElseThrow().exit().get());
      assertEquals("\1\1\1y\n", text(after, session, id));
      assertEquals(Session.NEVER_RAN, session.commands().get(1).exit().get());
    }
  }

  @Test
  void aCommandThatNeverReachedTheShellIsGivenUp() throws Exception {
    try (AgentClient client = agent.connect()) {
      SandboxSessions before = sessions(client, SessionLimits.DEFAULT);
      before.create("s", "/");
      Session session = before.find("s");
      session.start("read x", true, true).output().close();
      // What is left when the platform goes away between its two steps.
      SessionFiles files = new SessionFiles(client, home.toString(), "s");
      Holder.prepare(session.label().session(), 9, "echo lost", false, false, files)
          .spawn(client)
          .close();
    }
    try (AgentClient client = agent.connect()) {
      Session session = sessions(client, SessionLimits.DEFAULT).find("s");
      List<Command> commands = session.commands();
      assertFalse(commands.get(1).exit().isDone());
      client.input(commands.get(0).process(), new byte[] {'\n'}, false);
      assertEquals(Session.NEVER_RAN, commands.get(1).exit().get());
      assertEquals(0, commands.get(0).exit().get());
      assertEquals(0, run(session, "true").exit().get());
    }
  }

  @Test
  void whatADeletionLeftIsRemoved() throws Exception {
    try (AgentClient client = agent.connect()) {
      SessionFiles files = new SessionFiles(client, home.toString(), "s");
      Holder.prepare("no-session", 1, "true", false, false, files).spawn(client).close();
      assertEquals(1, client.processes().size());
      assertTrue(sessions(client, SessionLimits.DEFAULT).all().isEmpty());
      assertTrue(client.processes().isEmpty());
    }
  }

  @Test
  void oldLogsMoveToFiles() throws Exception {
    SessionLimits few = new SessionLimits(10, 20);
    List<String> ids = new ArrayList<>();
    String large = "echo " + "x".repeat(5_000);
    try (AgentClient client = agent.connect()) {
      SandboxSessions sessions = sessions(client, few);
      sessions.create("s", "/");
      Session session = sessions.find("s");
      for (int i = 0; i < 25; i++) {
        String text = i == 5 ? large : "echo out " + i + "; printf end; (exit " + i + ")";
        ids.add(run(session, text).id());
      }
      awaitProcesses(client, 1 + few.inAgent());
      assertEquals("\1\1\1out 3\n\1\1\1end\n", text(sessions, session, ids.get(3)));
    }
    Path files = home.resolve(".daytona/sessions/s");
    assertEquals("3\n", Files.readString(files.resolve(ids.get(3)).resolve("exit_code")));
    try (AgentClient client = agent.connect()) {
      SandboxSessions sessions = sessions(client, few);
      Session session = sessions.find("s");
      assertEquals(ids, session.commands().stream().map(Command::id).toList());
      for (int i = 0; i < 25; i++) {
        assertEquals(i == 5 ? 0 : i, session.command(ids.get(i)).orElseThrow().exit().get());
        assertTrue(
            text(sessions, session, ids.get(i))
                .startsWith(i == 5 ? "\1\1\1xxx" : "\1\1\1out " + i + "\n"));
      }
      assertEquals(large, sessions.text(session, session.command(ids.get(5)).orElseThrow()));
      // Beyond the second limit the oldest are gone for good.
      for (int i = 25; i < 45; i++) {
        ids.add(run(session, "echo " + i).id());
      }
      while (session.commands().size() > few.inAgent() + few.inFiles()
          || Files.exists(files.resolve(ids.get(14)))) {
        Thread.onSpinWait();
      }
      assertTrue(session.command(ids.get(0)).isEmpty());
      assertTrue(session.command(ids.get(44)).isPresent());
      sessions.delete("s");
      assertFalse(Files.exists(files));
      assertTrue(client.processes().isEmpty());
    }
  }

  private static void awaitProcesses(AgentClient client, int atMost) {
    while (client.processes().size() > atMost) {
      Thread.onSpinWait();
    }
  }

  @Test
  void theListOfSavedLogsIsTheSandboxsToSpoil() throws Exception {
    SessionLimits few = new SessionLimits(1, 5);
    String large = "echo " + "x".repeat(600);
    try (AgentClient client = agent.connect()) {
      SandboxSessions sessions = sessions(client, few);
      sessions.create("s", "/");
      Session session = sessions.find("s");
      run(session, large);
      run(session, "echo two");
      awaitProcesses(client, 1 + few.inAgent());
    }
    try (Stream<Path> files = Files.list(home.resolve(".daytona/sessions/s"))) {
      Path list =
          files.filter(file -> file.toString().endsWith(".jsonl")).findFirst().orElseThrow();
      String line = Files.readString(list).strip();
      Files.writeString(list, "null\n[]\n{\n{\"label\":null}\n" + line + "\n" + "y".repeat(9_000));
    }
    try (AgentClient client = agent.connect()) {
      SandboxSessions sessions = sessions(client, few);
      Session session = sessions.find("s");
      assertEquals(2, session.commands().size());
      Command saved = session.commands().getFirst();
      assertEquals(large, sessions.text(session, saved));
      assertEquals("\1\1\1" + "x".repeat(600) + "\n", text(sessions, session, saved.id()));
    }
  }

  @Test
  void aRealEntrypointIsShown() throws Exception {
    try (AgentClient client = agent.connect()) {
      client.spawn(Entrypoint.spawn(List.of("sh", "-c", "echo \"it's up\"; exit 4"))).close();
      Entrypoint entrypoint = sessions(client, SessionLimits.DEFAULT).entrypoint();
      assertEquals(4, entrypoint.command().exit().get());
      assertEquals(
          "'sh' '-c' 'echo \"it'\\''s up\"; exit 4'", entrypoint.command().label().command());
      try (CommandLog log = entrypoint.log();
          InputStream in = new LogStream(log.follow(), LogForm.MARKED)) {
        assertEquals("\1\1\1it's up\n", new String(in.readAllBytes(), StandardCharsets.UTF_8));
      }
    }
  }
}
