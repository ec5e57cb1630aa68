package io.daytona.toolbox.git;

import static io.daytona.toolbox.Replies.assertError;
import static io.daytona.toolbox.Replies.json;
import static io.daytona.toolbox.Replies.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;

/** Push and pull with a real server that wants credentials (toolbox protocol §7.2, §7.3). */
@Timeout(180)
@Tag("slow")
class PushPullTest {
  private static GitBox box;
  private static HttpGitServer server;
  private String repo = "";
  private String remote = "";
  private Path tree = Path.of("");

  @BeforeAll
  static void start() throws Exception {
    box = GitBox.start();
    server = HttpGitServer.start("ann:secret-pass");
  }

  @AfterAll
  static void stop() throws Exception {
    box.close();
    server.close();
  }

  @BeforeEach
  void cloned(TestInfo test) throws Exception {
    repo = test.getTestMethod().orElseThrow().getName();
    remote = repo + ".git";
    tree = box.work().resolve(repo);
    server.repositoryWithCommits(remote);
    box.done(
        "clone",
        "url",
        server.url(remote),
        "path",
        repo,
        "username",
        "ann",
        "password",
        "secret-pass");
  }

  @Test
  void thereAndBack() throws Exception {
    String hash = change("mine");
    JsonNode status = box.status(repo);
    assertEquals(1, status.get("ahead").intValue());
    assertEquals(0, status.get("behind").intValue());
    login("push");
    assertEquals(hash, remoteHash("main"));
    assertEquals(0, box.status(repo).get("ahead").intValue());
    login("push");
    login("pull");
    server.commit(remote, "main", "theirs");
    box.git(
        repo,
        "-c",
        "credential.helper=!f() { cat; echo password=secret-pass; }; f",
        "-c",
        "credential.username=ann",
        "fetch",
        "-q");
    assertEquals(1, box.status(repo).get("behind").intValue());
    login("pull");
    assertEquals("theirs\n", Files.readString(tree.resolve("file")));
    assertEquals(0, box.status(repo).get("behind").intValue());
    assertFalse(Files.readString(tree.resolve(".git/config")).contains("secret-pass"));
  }

  @Test
  void withoutCredentials() throws Exception {
    change("mine");
    assertError(box.post("push", "path", repo), 401, "GIT_AUTH_FAILED", "unauthorized: ");
    assertError(box.post("pull", "path", repo), 401, "GIT_AUTH_FAILED", "unauthorized: ");
    assertError(
        box.post("push", "path", repo, "username", "ann", "password", "wrong-pass"),
        401,
        "GIT_AUTH_FAILED",
        "unauthorized: ");
    assertError(box.postAs("0.190.0", "pull", "path", repo), 401, "UNAUTHORIZED", "unauthorized: ");
  }

  @Test
  void withStoredCredentials() throws Exception {
    try (GitBox other = GitBox.start()) {
      other.done(
          "credentials",
          "username",
          "ann",
          "password",
          "secret-pass",
          "host",
          server.host(),
          "protocol",
          "http");
      other.done("clone", "url", server.url(remote), "path", repo);
      other.done("pull", "path", repo);
      assertEquals("main", other.status(repo).get("currentBranch").textValue());
    }
  }

  @Test
  void aNewBranchWithUpstream() throws Exception {
    box.done("branches", "path", repo, "name", "feature/x");
    String hash = change("mine");
    assertFalse(box.status(repo).get("branchPublished").booleanValue());
    login("push", "set_upstream", true);
    assertEquals(hash, remoteHash("feature/x"));
    assertTrue(box.status(repo).get("branchPublished").booleanValue());
    assertEquals("origin/feature/x", box.status(repo).get("upstream").textValue());
    assertEquals(0, box.status(repo).get("ahead").intValue());
    server.commit(remote, "feature/x", "theirs");
    login("pull");
    assertEquals("theirs\n", Files.readString(tree.resolve("file")));
    box.done("checkout", "path", repo, "branch", "main");
    login("push", "branch", "feature/x", "remote", "origin");
    assertError(
        box.post("push", "path", repo, "branch", "nowhere"),
        404,
        "GIT_BRANCH_NOT_FOUND",
        "not found: ");
  }

  @Test
  void aRejectedPush() throws Exception {
    server.commit(remote, "main", "theirs");
    change("mine");
    assertError(tryLogin("0.205.1", "push"), 409, "GIT_PUSH_REJECTED", "conflict: ");
    assertError(tryLogin("0.190.0", "push"), 409, "CONFLICT", "conflict: ");
  }

  @Test
  void historiesThatWentApart() throws Exception {
    server.commit(remote, "main", "theirs");
    String mine = change("mine");
    box.git(repo, "config", "pull.rebase", "true");
    assertError(tryLogin("0.205.1", "pull"), 409, "GIT_MERGE_CONFLICT", "conflict: ");
    assertError(tryLogin("0.190.0", "pull"), 409, "CONFLICT", "conflict: ");
    assertEquals(mine + "\n", box.git(repo, "rev-parse", "HEAD"));
  }

  @Test
  void aPullOverUnsavedWork() throws Exception {
    server.commit(remote, "main", "theirs");
    Files.writeString(tree.resolve("file"), "unsaved");
    assertError(tryLogin("0.205.1", "pull"), 409, "GIT_DIRTY_WORKTREE", "conflict: ");
    assertEquals("unsaved", Files.readString(tree.resolve("file")));
  }

  @Test
  void aHookOfTheServerRefuses() throws Exception {
    server.hook(
        remote,
        "pre-receive",
        "echo 'branch main is protected: Authentication failed for fun'; exit 1");
    change("mine");
    var reply = tryLogin("0.205.1", "push");
    assertError(reply, 422, "GIT_REMOTE_REJECTED", "");
    assertTrue(
        json(reply).get("message").textValue().contains("branch main is protected"),
        json(reply)::toString);
    assertError(tryLogin("0.190.0", "push"), 500, "INTERNAL_SERVER_ERROR", "");
  }

  @Test
  void aServerThatRepeatsTheSecret() throws Exception {
    server.hook(remote, "pre-receive", "echo 'your token secret-pass is odd'; exit 1");
    change("mine");
    String message = json(tryLogin("0.205.1", "push")).get("message").textValue();
    assertTrue(message.contains("your token *** is odd"), message);
  }

  @Test
  void aBranchOfTheRemoteByName() throws Exception {
    box.done("branches", "path", repo, "name", "test");
    login("pull", "remote", "origin", "branch", "test");
    assertEquals("test\n", Files.readString(tree.resolve("file")));
    assertError(
        tryLogin("0.205.1", "pull", "branch", "nowhere"),
        404,
        "GIT_BRANCH_NOT_FOUND",
        "not found: ");
    box.done("checkout", "path", repo, "branch", "main");
    box.git(repo, "config", "branch.main.merge", "refs/heads/test");
    login("pull");
    assertEquals("test\n", Files.readString(tree.resolve("file")), "the upstream's branch");
  }

  @Test
  void withoutABranch() throws Exception {
    String head = ok(box.get("history", "path", repo)).get(0).get("hash").textValue();
    box.done("checkout", "path", repo, "branch", head);
    assertError(tryLogin("0.205.1", "push"), 409, "CONFLICT", "conflict: HEAD is detached");
    assertError(tryLogin("0.205.1", "pull"), 409, "CONFLICT", "conflict: HEAD is detached");
    login("pull", "branch", "main");
  }

  @Test
  void aRepositoryMadeHere() throws Exception {
    String made = repo + "-made";
    server.empty(made + ".git");
    box.done("init", "path", made, "initial_branch", "main");
    assertError(box.post("push", "path", made), 404, "GIT_REPO_NOT_FOUND", "not found: ");
    box.done("remotes", "path", made, "name", "origin", "url", server.url(made + ".git"));
    assertError(box.post("push", "path", made), 404, "GIT_BRANCH_NOT_FOUND", "not found: ");
    Files.writeString(box.work().resolve(made).resolve("file"), "x");
    box.done("add", "path", made, "files", List.of("."));
    String hash = box.commit(made, "first");
    box.done("push", "path", made, "username", "ann", "password", "secret-pass");
    assertEquals(
        hash + "\n", Commands.run(server.repository(made + ".git"), "git", "rev-parse", "main"));
  }

  @Test
  void aRemoteIsFetchedRightAway() throws Exception {
    String made = repo + "-made";
    box.done("init", "path", made, "initial_branch", "main");
    box.done(
        "remotes",
        "path",
        made,
        "name",
        "up",
        "url",
        server.urlWith("ann:secret-pass", remote),
        "fetch",
        true);
    assertEquals("  up/main\n  up/test\n", box.git(made, "branch", "-r"));
    assertFalse(
        Files.readString(box.work().resolve(made).resolve(".git/config")).contains("secret-pass"));
    box.done(
        "pull",
        "path",
        made,
        "remote",
        "up",
        "branch",
        "main",
        "username",
        "ann",
        "password",
        "secret-pass");
    assertEquals("two\n", Files.readString(box.work().resolve(made).resolve("file")));
    assertError(
        box.post("remotes", "path", made, "name", "x", "url", server.url(remote), "fetch", true),
        401,
        "GIT_AUTH_FAILED",
        "unauthorized: ");
  }

  @Test
  void aLargePush() throws Exception {
    byte[] noise = new byte[4 << 20];
    new java.util.Random(1).nextBytes(noise);
    Files.write(tree.resolve("noise"), noise);
    box.done("add", "path", repo, "files", List.of("noise"));
    String hash = box.commit(repo, "noise");
    login("push");
    assertEquals(hash, remoteHash("main"));
  }

  private String remoteHash(String branch) throws Exception {
    return Commands.run(server.repository(remote), "git", "rev-parse", branch).strip();
  }

  private String change(String text) throws Exception {
    Files.writeString(tree.resolve("file"), text + "\n");
    box.done("add", "path", repo, "files", List.of("file"));
    return box.commit(repo, text);
  }

  private void login(String operation, Object... more) throws Exception {
    var reply = tryLogin("0.205.1", operation, more);
    assertEquals(
        200,
        reply.statusCode(),
        () -> new String(reply.body(), java.nio.charset.StandardCharsets.UTF_8));
    assertEquals(0, reply.body().length);
  }

  private java.net.http.HttpResponse<byte[]> tryLogin(
      String version, String operation, Object... more) throws Exception {
    Object[] body = new Object[6 + more.length];
    System.arraycopy(
        new Object[] {"path", repo, "username", "ann", "password", "secret-pass"}, 0, body, 0, 6);
    System.arraycopy(more, 0, body, 6, more.length);
    return box.postAs(version, operation, body);
  }
}
