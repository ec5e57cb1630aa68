package io.daytona.toolbox.git;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

/** Credentials stand in no argument, variable, file or log while git uses them. */
@Timeout(120)
@Tag("slow")
class CredentialSecrecyTest {
  /** Without a shell, git asks by GIT_ASKPASS instead of its credential helper. */
  private static final String NO_SHELL = "rm -f usr/bin/sh usr/bin/dash usr/bin/bash";

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void duringASlowClone(boolean inTheUrl) throws Exception {
    String password = "pw" + UUID.randomUUID();
    Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    Level before = root.getLevel();
    log.start();
    root.addAppender(log);
    root.setLevel(Level.DEBUG);
    try (GitBox box = GitBox.start();
        HttpGitServer server = HttpGitServer.start("ann:" + password);
        ExecutorService threads = Executors.newSingleThreadExecutor()) {
      server.repositoryWithCommits("x.git");
      Callable<?> clone =
          inTheUrl
              ? clone(box, server.urlWith("ann:" + password, "hold/x.git"), "", "")
              : clone(box, server.url("hold/x.git"), "ann", password);
      Future<?> cloned = threads.submit(clone);
      server.awaitHeld();
      List<String> seen = new ArrayList<>();
      List<String> places = new ArrayList<>();
      search(password, seen, places);
      assertTrue(seen.stream().anyMatch(line -> line.contains("remote-http")), seen::toString);
      assertEquals(List.of(), places);
      server.release();
      cloned.get();
      String config = Files.readString(box.work().resolve("repo/.git/config"));
      assertTrue(config.contains(server.url("hold/x.git")), config);
      assertEquals(List.of(), filesWith(password, box.work()));
      assertEquals(List.of(), filesWith(password, box.home()));
      assertFalse(server.log().contains(password));
      List<ILoggingEvent> events;
      synchronized (log) {
        events = List.copyOf(log.list);
      }
      assertFalse(events.isEmpty());
      for (ILoggingEvent event : events) {
        assertFalse(event.getFormattedMessage().contains(password), event::toString);
      }
    } finally {
      root.setLevel(before);
      root.detachAppender(log);
    }
  }

  @Test
  void inAnImageWithoutAShell() throws Exception {
    try (GitBox box = GitBox.start(NO_SHELL, java.util.Map.of());
        HttpGitServer server = HttpGitServer.start("ann:secret-pass");
        HttpGitServer other = HttpGitServer.start("ann:secret-pass")) {
      server.repositoryWithCommits("x.git");
      other.repositoryWithCommits("x.git");
      clone(box, server.url("x.git"), "ann", "secret-pass").call();
      assertEquals("main", box.status("repo").get("currentBranch").textValue());
      String elsewhere = server.url("redirect/" + other.host() + "/x.git");
      var reply =
          box.post(
              "clone",
              "url",
              elsewhere,
              "path",
              "repo2",
              "username",
              "ann",
              "password",
              "secret-pass");
      assertEquals(401, reply.statusCode(), () -> new String(reply.body(), StandardCharsets.UTF_8));
      assertFalse(other.log().contains("authorization=yes"), other.log());
    }
  }

  private static Callable<?> clone(GitBox box, String url, String user, String password) {
    return () -> {
      box.done("clone", "url", url, "path", "repo", "username", user, "password", password);
      return null;
    };
  }

  /** Looks at the arguments and variables of all processes but those of this test itself. */
  private static void search(String secret, List<String> seen, List<String> places)
      throws IOException {
    try (Stream<Path> processes = Files.list(Path.of("/proc"))) {
      for (Path process :
          processes.filter(path -> path.toString().matches("/proc/\\d+")).toList()) {
        for (String name : List.of("cmdline", "environ")) {
          String text = read(process.resolve(name));
          seen.add(text);
          if (text.contains(secret)) {
            places.add(process.resolve(name).toString());
          }
        }
      }
    }
  }

  private static String read(Path file) {
    try {
      return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
    } catch (IOException ended) {
      return "ended: " + ended.getMessage();
    }
  }

  private static List<String> filesWith(String secret, Path where) throws IOException {
    List<String> found = new ArrayList<>();
    try (Stream<Path> all = Files.walk(where)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        if (read(file).contains(secret)) {
          found.add(file.toString());
        }
      }
    }
    return found;
  }
}
