package io.daytona.toolbox.git;

import static io.daytona.toolbox.Replies.assertError;
import static io.daytona.toolbox.Replies.json;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Git over SSH with a real sshd. */
@Timeout(120)
@Tag("slow")
class SshTest {
  @TempDir private static Path directory;
  private static GitBox box;
  private static HttpGitServer repositories;
  private static Process sshd;

  @BeforeAll
  static void start() throws Exception {
    Path program =
        Path.of("").toAbsolutePath().resolveSibling("tests").resolve("git-server/ssh_server");
    sshd =
        new ProcessBuilder(program.toString(), directory.toString())
            .redirectError(Redirect.INHERIT)
            .start();
    String port =
        new BufferedReader(new InputStreamReader(sshd.getInputStream(), StandardCharsets.UTF_8))
            .readLine();
    assertTrue(port != null && port.matches("\\d+"), "sshd did not start");
    repositories = HttpGitServer.start("");
    repositories.repositoryWithCommits("x.git");
    box = GitBox.start(":", Map.of("GIT_SSH_COMMAND", "ssh -F " + directory.resolve("config")));
  }

  @AfterAll
  static void stop() throws Exception {
    box.close();
    repositories.close();
    sshd.getOutputStream().close();
    sshd.onExit().join();
  }

  @Test
  void thereAndBack() throws Exception {
    Path remote = repositories.repository("x.git");
    box.done("clone", "url", "git-test:" + remote, "path", "a");
    box.done("clone", "url", "ssh://git-test" + remote, "path", "b", "branch", "main");
    Files.writeString(box.work().resolve("a/file"), "by ssh\n");
    box.done("add", "path", "a", "files", List.of("."));
    String hash = box.commit("a", "by ssh");
    box.done("push", "path", "a");
    assertEquals(hash + "\n", Commands.run(remote, "git", "rev-parse", "main"));
    // Credentials are for HTTP; a key speaks for itself here.
    box.done("pull", "path", "b", "username", "ann", "password", "secret");
    assertEquals("by ssh\n", Files.readString(box.work().resolve("b/file")));
  }

  @Test
  void whatGoesWrong() throws Exception {
    assertError(
        box.post("clone", "url", "git-test:/no/such", "path", "c"),
        404,
        "GIT_REPO_NOT_FOUND",
        "not found: ");
    assertError(
        box.post("clone", "url", "git@127.0.0.1:x", "path", "c"), 502, "GIT_TRANSPORT_FAILED", "");
  }

  @Test
  void aKeyThatIsNotKnown() throws Exception {
    Path other = Files.createDirectory(directory.resolve("other"));
    Commands.run(other, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "key");
    String config =
        Files.readString(directory.resolve("config"))
            .replace("IdentityFile " + directory.resolve("user"), "IdentityFile " + other + "/key");
    Files.writeString(other.resolve("config"), config);
    Files.writeString(
        other.resolve("config-without-host"), config.replace("/known_hosts", "/nobody"));
    String url = "git-test:" + repositories.repository("x.git");
    try (GitBox stranger =
        GitBox.start(":", Map.of("GIT_SSH_COMMAND", "ssh -F " + other.resolve("config")))) {
      assertError(
          stranger.post("clone", "url", url, "path", "d"),
          401,
          "GIT_AUTH_FAILED",
          "unauthorized: ");
    }
    String unknown = "ssh -F " + other.resolve("config-without-host");
    try (GitBox stranger = GitBox.start(":", Map.of("GIT_SSH_COMMAND", unknown))) {
      var reply = stranger.post("clone", "url", url, "path", "d");
      assertError(reply, 502, "GIT_TRANSPORT_FAILED", "");
      assertTrue(json(reply).get("message").textValue().contains("known_hosts"));
    }
  }
}
