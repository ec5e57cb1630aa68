package io.daytona.toolbox.git;

import static io.daytona.toolbox.Replies.assertError;
import static io.daytona.toolbox.Replies.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which git is used: the image's, else the platform's, else an error that says what to do. */
@Timeout(120)
@Tag("slow")
class GitProgramTest {
  @Test
  void theOneThatThePlatformBrings() throws Exception {
    try (GitBox box = GitBox.start("mv usr/bin/git .daytona/bin/git", Map.of());
        HttpGitServer server = HttpGitServer.start("ann:secret-pass")) {
      server.repositoryWithCommits("x.git");
      box.repository("a");
      assertEquals("main", box.status("a").get("currentBranch").textValue());
      box.done(
          "clone",
          "url",
          server.url("x.git"),
          "path",
          "b",
          "username",
          "ann",
          "password",
          "secret-pass");
      assertEquals("main", box.status("b").get("currentBranch").textValue());
    }
  }

  @Test
  void runsAsTheUserOfTheSandbox() throws Exception {
    try (GitBox box = GitBox.startAs("nobody");
        HttpGitServer server = HttpGitServer.start("ann:secret-pass")) {
      server.repositoryWithCommits("x.git");
      box.done(
          "clone",
          "url",
          server.url("x.git"),
          "path",
          "b",
          "username",
          "ann",
          "password",
          "secret-pass");
      assertEquals("nobody", Files.getOwner(box.work().resolve("b/file")).getName());
      assertError(
          box.post("config", "key", "a.b", "value", "x", "scope", "system"),
          403,
          "FORBIDDEN",
          "forbidden: ");
      for (String path : List.of("/root/b", "/b", "/proc/b", "/root")) {
        var reply = box.post("clone", "url", server.url("x.git"), "path", path);
        assertTrue(reply.statusCode() >= 400 && reply.statusCode() < 500, path + json(reply));
      }
      assertError(box.post("init", "path", "/proc/b"), 400, "BAD_REQUEST", "bad request: ");
      assertError(box.post("init", "path", "/b"), 403, "FORBIDDEN", "forbidden: ");
      assertError(box.get("status", "path", "/root"), 403, "FORBIDDEN", "forbidden: ");
    }
  }

  @Test
  void none() throws Exception {
    try (GitBox box = GitBox.start("rm usr/bin/git", Map.of())) {
      for (Object[] body :
          new Object[][] {
            {"url", "https://h.invalid/x", "path", "a"},
            {"url", "https://u:p@h.invalid/x", "path", "a"}
          }) {
        var reply = box.post("clone", body);
        assertError(reply, 422, "UNPROCESSABLE_ENTITY", "git was not found");
        assertTrue(json(reply).get("message").textValue().contains("install the package git"));
      }
    }
  }

  @Test
  void noSsh() throws Exception {
    try (GitBox box = GitBox.start("rm usr/bin/ssh", Map.of())) {
      var reply = box.post("clone", "url", "git@h.invalid:x", "path", "a");
      assertError(reply, 422, "UNPROCESSABLE_ENTITY", "");
      assertTrue(json(reply).get("message").textValue().contains("openssh-client"));
    }
  }

  @Test
  void settingsOfTheSandboxDoNotLeadAstray() throws Exception {
    Map<String, String> env =
        Map.of(
            "GIT_DIR", "/nowhere",
            "GIT_TRACE", "/proc/self/fd/1",
            "GIT_ICASE_PATHSPECS", "1",
            "GIT_AUTHOR_DATE", "2001-01-01T00:00:00",
            "LC_ALL", "de_DE.UTF-8",
            "GIT_ASKPASS", "/bin/cat");
    try (GitBox box = GitBox.start(":", env)) {
      box.repository("a");
      assertEquals("main", box.status("a").get("currentBranch").textValue());
      assertFalse(box.git("a", "log", "-1", "--format=%ad").contains("2001"));
      Files.writeString(
          box.home().resolve(".gitconfig"),
          """
          [commit]
            gpgSign = true
          [pull]
            rebase = true
          [log]
            showSignature = true
          [status]
            branch = false
            short = true
          [clone]
            defaultRemoteName = up
          [core]
            hooksPath = /tmp
          [color]
            ui = always
          """);
      box.done("clone", "url", "./a", "path", "b");
      assertEquals("origin/main", box.status("b").get("upstream").textValue());
      Files.writeString(box.work().resolve("b/file"), "x");
      box.done("add", "path", "b", "files", List.of("."));
      box.commit("b", "unsigned");
    }
  }
}
