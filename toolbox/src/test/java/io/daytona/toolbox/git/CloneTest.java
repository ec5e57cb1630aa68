package io.daytona.toolbox.git;

import static io.daytona.toolbox.Replies.assertError;
import static io.daytona.toolbox.Replies.json;
import static io.daytona.toolbox.Replies.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.ServerSocket;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code POST /git/clone} from a real server (toolbox protocol §7.2, §7.3). */
@Timeout(180)
@Tag("slow")
class CloneTest {
  private static final String USER = "ann";
  private static final String PASSWORD = "s3cr3t:/@ü";

  private static GitBox box;
  private static HttpGitServer open;
  private static HttpGitServer guarded;
  private static List<String> hashes = List.of();
  private String repo = "";

  @BeforeAll
  static void start() throws Exception {
    box = GitBox.start();
    open = HttpGitServer.start("");
    guarded = HttpGitServer.start(USER + ":" + PASSWORD);
    hashes = open.repositoryWithCommits("x.git");
    guarded.repositoryWithCommits("x.git");
    open.empty("empty.git");
  }

  @AfterAll
  static void stop() throws Exception {
    box.close();
    open.close();
    guarded.close();
  }

  @BeforeEach
  void name(TestInfo test) {
    repo = test.getTestMethod().orElseThrow().getName() + test.getDisplayName().hashCode();
  }

  @Test
  void oneBranch() throws Exception {
    box.done("clone", "url", open.url("x.git"), "path", repo + "/a/b");
    JsonNode status = box.status(repo + "/a/b");
    assertEquals("main", status.get("currentBranch").textValue());
    assertEquals("origin/main", status.get("upstream").textValue());
    assertTrue(status.get("branchPublished").booleanValue());
    assertEquals(List.of(), GitBox.words(status));
    assertEquals(
        "  origin/HEAD -> origin/main\n  origin/main\n", box.git(repo + "/a/b", "branch", "-r"));
    assertEquals(open.url("x.git") + "\n", box.git(repo + "/a/b", "remote", "get-url", "origin"));
  }

  @Test
  void anotherBranch() throws Exception {
    box.done("clone", "url", open.url("x.git"), "path", repo, "branch", "test");
    assertEquals("test", box.status(repo).get("currentBranch").textValue());
    assertEquals("test\n", Files.readString(box.work().resolve(repo).resolve("file")));
  }

  @ParameterizedTest
  @CsvSource({"0, false", "0, true", "2, false", "3, false"})
  void aCommitIsDetached(int which, boolean abbreviated) throws Exception {
    String hash = hashes.get(which);
    String asked = abbreviated ? hash.substring(0, 10) : hash;
    box.done("clone", "url", open.url("x.git"), "path", repo, "commit_id", asked);
    JsonNode status = box.status(repo);
    assertEquals("HEAD", status.get("currentBranch").textValue());
    assertTrue(status.get("detached").booleanValue());
    assertEquals(hash + "\n", box.git(repo, "rev-parse", "HEAD"));
    assertEquals(List.of(), GitBox.words(status));
  }

  @Test
  void aFewCommitsOnly() throws Exception {
    box.done("clone", "url", open.url("x.git"), "path", repo, "depth", 1);
    assertEquals(1, ok(box.get("history", "path", repo)).size());
    box.done("clone", "url", open.url("x.git"), "path", repo + "0", "depth", 0);
    assertEquals(2, ok(box.get("history", "path", repo + "0")).size());
    assertError(
        box.post("clone", "url", open.url("x.git"), "path", repo + "1", "depth", -1),
        400,
        "BAD_REQUEST",
        "bad request: depth");
  }

  @Test
  void withCredentials() throws Exception {
    box.done(
        "clone", "url", guarded.url("x.git"), "path", repo, "username", USER, "password", PASSWORD);
    assertClean();
  }

  @Test
  void withCredentialsInTheUrl() throws Exception {
    String url = guarded.urlWith("ann:s3cr3t%3A%2F%40%C3%BC", "x.git");
    box.done("clone", "url", url, "path", repo);
    assertClean();
  }

  private void assertClean() throws Exception {
    assertEquals(
        "origin\t%1$s (fetch)\norigin\t%1$s (push)\n".formatted(guarded.url("x.git")),
        box.git(repo, "remote", "-v"));
    assertEquals("", grep("s3cr3t", box.work().resolve(repo)));
    assertEquals("", grep("s3cr3t", box.home()));
  }

  private static String grep(String text, Path where) throws Exception {
    return Commands.run(where, "sh", "-c", "grep -rl \"$1\" . || true", "sh", text);
  }

  @ParameterizedTest
  @CsvSource({"ann, wrong", "'', ''", "ann, ''", "'', secret"})
  void withoutTheRightCredentials(String user, String password) throws Exception {
    for (String version : List.of("0.205.1", "0.190.0")) {
      var reply =
          box.postAs(
              version,
              "clone",
              "url",
              guarded.url("x.git"),
              "path",
              repo,
              "username",
              user,
              "password",
              password);
      boolean old = version.equals("0.190.0");
      assertError(reply, 401, old ? "UNAUTHORIZED" : "GIT_AUTH_FAILED", "unauthorized: ");
      if (!old) {
        assertEquals("DAYTONA_DAEMON", json(reply).get("source").textValue());
      }
      assertFalse(Files.exists(box.work().resolve(repo)));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "absent.git, 404, GIT_REPO_NOT_FOUND, not found: ",
    "empty.git, 404, GIT_REPO_NOT_FOUND, not found: remote repository is empty",
    "status/403/x.git, 403, FORBIDDEN, forbidden: ",
    "status/500/x.git, 502, GIT_TRANSPORT_FAILED, ''",
    "status/429/x.git, 502, GIT_TRANSPORT_FAILED, ''"
  })
  void aFailureLeavesNothing(String path, int status, String code, String message)
      throws Exception {
    assertError(
        box.post("clone", "url", open.url(path), "path", repo + "/a/b"), status, code, message);
    assertFalse(Files.exists(box.work().resolve(repo)));
    Path kept = Files.createDirectory(box.work().resolve(repo));
    assertError(box.post("clone", "url", open.url(path), "path", repo), status, code, message);
    try (var left = Files.list(kept)) {
      assertEquals(List.of(), left.toList());
    }
    box.done("clone", "url", open.url("x.git"), "path", repo);
  }

  @Test
  void whatTheRemoteDoesNotHave() throws Exception {
    assertError(
        box.post("clone", "url", open.url("x.git"), "path", repo, "branch", "nowhere"),
        404,
        "GIT_BRANCH_NOT_FOUND",
        "not found: ");
    String unknown = "0123456789012345678901234567890123456789";
    for (String hash : List.of(unknown, unknown.substring(0, 9))) {
      assertError(
          box.post("clone", "url", open.url("x.git"), "path", repo, "commit_id", hash),
          404,
          "GIT_BRANCH_NOT_FOUND",
          "not found: ");
      assertFalse(Files.exists(box.work().resolve(repo)));
    }
    assertError(
        box.post("clone", "url", open.url("x.git"), "path", repo, "commit_id", "main"),
        400,
        "BAD_REQUEST",
        "bad request: commit_id");
  }

  @Test
  void whereSomethingIs() throws Exception {
    box.done("clone", "url", open.url("x.git"), "path", repo);
    assertError(
        box.post("clone", "url", open.url("x.git"), "path", repo),
        409,
        "CONFLICT",
        "conflict: repository already exists");
    assertEquals("two\n", Files.readString(box.work().resolve(repo).resolve("file")));
    for (String path : List.of(repo + "/.git", repo + "/file")) {
      assertError(
          box.post("clone", "url", open.url("x.git"), "path", path), 409, "CONFLICT", "conflict: ");
    }
    assertError(
        box.post("clone", "url", open.url("x.git"), "path", repo + "/file/x"),
        400,
        "BAD_REQUEST",
        "bad request: not a directory");
    assertEquals("two\n", Files.readString(box.work().resolve(repo).resolve("file")));
  }

  @Test
  void whenNobodyAnswers() throws Exception {
    int free;
    try (ServerSocket socket = new ServerSocket(0)) {
      free = socket.getLocalPort();
    }
    for (String url : List.of("http://127.0.0.1:" + free + "/x", "http://no.such.invalid/x")) {
      assertError(box.post("clone", "url", url, "path", repo), 502, "GIT_TRANSPORT_FAILED", "");
      assertError(
          box.postAs("0.190.0", "clone", "url", url, "path", repo),
          500,
          "INTERNAL_SERVER_ERROR",
          "");
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ext::sh -c 'touch pwned'",
        "--upload-pack=touch pwned",
        "fd::17",
        "ftp://h/x",
        "gopher://h/x",
        "https://",
        "ssh://-oProxyCommand=touch/x",
        "-oProxyCommand=x:y",
        " ",
        "https://h\nx/",
        "transport::https://h/x"
      })
  void transportsThatRunPrograms(String url) throws Exception {
    assertError(box.post("clone", "url", url, "path", repo), 400, "BAD_REQUEST", "bad request: ");
    assertFalse(Files.exists(box.work().resolve("pwned")));
  }

  @Test
  void oneAtATimeIntoADirectory() throws Exception {
    try (ExecutorService threads = Executors.newSingleThreadExecutor()) {
      Future<HttpResponse<byte[]>> first =
          threads.submit(() -> box.post("clone", "url", open.url("hold/x.git"), "path", repo));
      open.awaitHeld();
      assertError(
          box.post("clone", "url", open.url("x.git"), "path", "./" + repo + "/"),
          409,
          "CONFLICT",
          "conflict: a clone into this directory is running");
      open.release();
      assertEquals(200, first.get().statusCode());
      assertEquals("main", box.status(repo).get("currentBranch").textValue());
    }
  }

  @Test
  void aKilledCloneLeavesNothing() throws Exception {
    try (ExecutorService threads = Executors.newSingleThreadExecutor()) {
      Future<HttpResponse<byte[]>> clone =
          threads.submit(
              () -> box.post("clone", "url", open.url("hold/x.git"), "path", repo + "/sub"));
      open.awaitHeld();
      assertTrue(Files.exists(box.work().resolve(repo).resolve("sub/.git")));
      String target = box.work().toRealPath().resolve(repo).resolve("sub").toString();
      List<ProcessHandle> clones =
          ProcessHandle.allProcesses()
              .filter(process ->
                  process.info().arguments().stream()
                      .flatMap(Arrays::stream)
                      .anyMatch(target::equals))
              .toList();
      assertFalse(clones.isEmpty());
      clones.forEach(ProcessHandle::destroyForcibly);
      assertError(clone.get(), 422, "UNPROCESSABLE_ENTITY", "git was killed by signal 9");
      assertFalse(Files.exists(box.work().resolve(repo)));
      open.release();
    }
  }

  @Test
  void ofARepositoryInTheSandbox() throws Exception {
    box.repository(repo);
    box.done("clone", "url", "./" + repo, "path", repo + "1");
    box.done("clone", "url", box.work().resolve(repo).toString(), "path", repo + "2");
    box.done("clone", "url", "file://" + box.work().resolve(repo), "path", repo + "3");
    for (int i = 1; i <= 3; i++) {
      assertEquals("main", box.status(repo + i).get("currentBranch").textValue());
    }
    assertError(
        box.post("clone", "url", "./absent", "path", repo + "4"),
        404,
        "GIT_REPO_NOT_FOUND",
        "not found: ");
  }

  @Test
  void aRedirectIsFollowedByTheCredentialsToTheSameHostOnly() throws Exception {
    try (HttpGitServer other = HttpGitServer.start(USER + ":" + PASSWORD)) {
      other.repositoryWithCommits("x.git");
      for (String redirect : List.of("redirect/", "redirect-in/")) {
        String url = guarded.url(redirect + other.host() + "/x.git");
        assertError(
            box.post("clone", "url", url, "path", repo, "username", USER, "password", PASSWORD),
            401,
            "GIT_AUTH_FAILED",
            "unauthorized: ");
      }
      assertTrue(other.log().contains("GET /x.git/info/refs"), other.log());
      assertFalse(other.log().contains("authorization=yes"), other.log());
      String same = guarded.url("redirect/" + guarded.host() + "/x.git");
      box.done("clone", "url", same, "path", repo, "username", USER, "password", PASSWORD);
    }
  }
}
