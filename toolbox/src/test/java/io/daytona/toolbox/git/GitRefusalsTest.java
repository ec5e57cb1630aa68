package io.daytona.toolbox.git;

import static io.daytona.toolbox.Replies.assertError;
import static io.daytona.toolbox.Replies.json;
import static io.daytona.toolbox.Replies.ok;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every operation refuses (toolbox protocol §7.1, §7.3). */
@Timeout(120)
@Tag("slow")
class GitRefusalsTest extends LocalRepository {
  @ParameterizedTest
  @ValueSource(strings = {"-f", "--force", "a..b", "a b", "HEAD", "x.lock", "a~", "é\n", "@{u}"})
  void noBranchHasSuchAName(String name) throws Exception {
    box.repository(repo);
    assertError(
        box.post("branches", "path", repo, "name", name), 400, "BAD_REQUEST", "bad request: ");
    assertError(box.deleteBranch(repo, name), 400, "BAD_REQUEST", "bad request: ");
    assertError(
        box.post("init", "path", repo + "x", "initial_branch", name),
        400,
        "BAD_REQUEST",
        "bad request: ");
  }

  @Test
  void namesThatGitCannotEvenRepeat() throws Exception {
    box.repository(repo);
    String name = "x".repeat(5_000);
    assertError(box.deleteBranch(repo, name), 400, "BAD_REQUEST", "bad request: ");
    for (String operation : List.of("pull", "push")) {
      assertError(
          box.post(operation, "path", repo, "remote", name), 400, "BAD_REQUEST", "bad request: ");
      assertError(
          box.post(operation, "path", repo, "branch", name), 400, "BAD_REQUEST", "bad request: ");
    }
    assertError(
        box.post("reset", "path", repo, "target", name), 400, "BAD_REQUEST", "bad request: ");
  }

  /** Git repeats such names in its words; some of these characters end a line elsewhere. */
  @ParameterizedTest
  @ValueSource(
      strings = {"a\u0085b", "a\u2028b", "\u2029", "a\rb", "a\nb", "' not found", "a\u000bb"})
  void namesOfOddCharacters(String name) throws Exception {
    box.repository(repo);
    assertRefused(box.deleteBranch(repo, name));
    assertRefused(box.post("checkout", "path", repo, "branch", name));
    for (String key : List.of("remote", "branch")) {
      assertRefused(box.post("pull", "path", repo, key, name));
      assertRefused(box.post("push", "path", repo, key, name));
    }
    assertRefused(box.post("reset", "path", repo, "target", name));
    String url = "file://" + tree;
    assertRefused(box.post("clone", "path", repo + "x", "url", url, "branch", name));
    assertRefused(box.post("clone", "path", repo + "x", "url", "file:///" + name));
    assertRefused(box.get("history", "path", repo + name));
    assertRefused(box.post("restore", "path", repo, "files", List.of(name)));
    assertRefused(box.post("restore", "path", repo, "files", List.of("."), "source", name));
    assertRefused(box.post("config", "path", repo, "key", name, "value", "x", "scope", "local"));
  }

  private static void assertRefused(HttpResponse<byte[]> reply) {
    assertEquals(4, reply.statusCode() / 100, () -> new String(reply.body(), UTF_8));
  }

  @Test
  void addressesThatAreNone() throws Exception {
    box.repository(repo);
    assertError(
        box.post("clone", "path", repo + "x", "url", "https://%00/"),
        400,
        "BAD_REQUEST",
        "bad request: ");
    Files.writeString(tree.resolve(".not-git"), "no gitfile\n");
    assertError(
        box.post("clone", "path", repo + "x", "url", tree.resolve(".not-git").toString()),
        404,
        "GIT_REPO_NOT_FOUND",
        "not found: ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"status", "history", "branches", "remotes"})
  void whatIsNoRepository(String operation) throws Exception {
    box.repository(repo);
    Files.createDirectory(tree.resolve("sub"));
    for (String path : List.of("absent", ".", repo + "/file", "/etc", repo + "/sub")) {
      assertError(box.get(operation, "path", path), 404, "GIT_REPO_NOT_FOUND", "not found: ");
    }
    assertError(box.get(operation), 400, "BAD_REQUEST", "bad request: path is required");
    assertError(box.get(operation, "path", "a\0b"), 400, "BAD_REQUEST", "bad request: path");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "clone",
        "init",
        "add",
        "branches",
        "checkout",
        "commit",
        "push",
        "pull",
        "reset",
        "restore",
        "remotes",
        "config",
        "config/user",
        "credentials"
      })
  void aBodyMustBeComplete(String operation) throws Exception {
    assertError(
        box.post(operation, "{}"),
        400,
        "INVALID_REQUEST_BODY",
        "invalid body request: invalid request body: ");
    assertError(box.post(operation, "{"), 400, "INVALID_REQUEST_BODY", "invalid body request: ");
    assertError(
        box.post(operation, "{\"path\":7,\"key\":7,\"name\":7,\"username\":7}"),
        400,
        "INVALID_REQUEST_BODY",
        "invalid body request: ");
  }

  @Test
  void olderClientsGetTheirCodes() throws Exception {
    box.repository(repo);
    assertError(
        box.postAs("0.190.0", "branches", "path", repo, "name", "main"),
        409,
        "CONFLICT",
        "conflict: ");
    assertError(
        box.postAs("0.190.0", "checkout", "path", repo, "branch", "nope"),
        404,
        "NOT_FOUND",
        "not found: ");
    var status = box.server().get("/git/status?path=" + repo, "X-Daytona-SDK-Version", "v0.187.0");
    assertFalse(json(status).has("upstream"));
    assertFalse(json(status).has("detached"));
    var branches =
        box.server().get("/git/branches?path=" + repo, "X-Daytona-SDK-Version", "v0.187.0");
    assertEquals("{\"branches\":[\"main\"]}", json(branches).toString());
  }

  @Test
  void textsThatAreTooLong() throws Exception {
    box.repository(repo);
    String huge = "x".repeat(1 << 20);
    assertError(box.get("status", "path", "x".repeat(5_000)), 400, "BAD_REQUEST", "bad request: ");
    for (Object[] body :
        new Object[][] {
          {"path", huge, "name", "x"},
          {"path", repo, "name", huge}
        }) {
      assertError(box.post("branches", body), 400, "BAD_REQUEST", "bad request: ");
    }
    assertError(
        box.post("clone", "path", huge, "url", "https://h.invalid/x"),
        400,
        "BAD_REQUEST",
        "bad request: ");
    assertError(
        box.post("commit", "path", repo, "message", "m", "author", huge, "email", "e"),
        400,
        "BAD_REQUEST",
        "bad request: ");
    Files.writeString(tree.resolve("file"), "two\n");
    box.done("add", "path", repo, "files", List.of("."));
    box.commit(repo, huge);
    assertEquals(huge, ok(box.get("history", "path", repo)).get(0).get("message").textValue());
  }
}
