package io.daytona.toolbox.git;

import static io.daytona.toolbox.Replies.assertError;
import static io.daytona.toolbox.Replies.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.time.Duration;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Index and commits: add, commit, reset, restore (toolbox protocol §7.2, §7.4). */
@Timeout(120)
@Tag("slow")
class IndexTest extends LocalRepository {
  @Test
  void namesOfEveryKind() throws Exception {
    box.repository(repo);
    List<String> names =
        List.of(
            "-rf",
            "--all",
            "a\nb",
            "tab\there",
            "\"quoted\"",
            "'q'",
            " blank ",
            "ü€😀",
            "*",
            ":(top)x",
            "a\\b",
            "~");
    for (String name : names) {
      Files.writeString(tree.resolve(name), "x");
    }
    Files.writeString(tree.resolve("other"), "x");
    box.done("add", "path", repo, "files", names);
    List<String> expected = new ArrayList<>();
    names.forEach(name -> expected.add(name + ": Added/Unmodified"));
    expected.add("other: Untracked/Untracked");
    expected.sort(null);
    assertEquals(expected, GitBox.words(box.status(repo)));
    box.done("restore", "path", repo, "files", List.of("*", "-rf"), "staged", true);
    assertTrue(GitBox.words(box.status(repo)).contains("*: Untracked/Untracked"));
    assertTrue(GitBox.words(box.status(repo)).contains("-rf: Untracked/Untracked"));
    assertTrue(GitBox.words(box.status(repo)).contains("ü€😀: Added/Unmodified"));
  }

  @Test
  void aNameInBytesThatAreNoText() throws Exception {
    box.repository(repo);
    Commands.run(tree, "sh", "-c", "touch \"$(printf 'a\\377b')\"");
    assertEquals(List.of("a\uFFFDb: Untracked/Untracked"), GitBox.words(box.status(repo)));
    box.done("add", "path", repo, "files", List.of("."));
    assertEquals(List.of("a\uFFFDb: Added/Unmodified"), GitBox.words(box.status(repo)));
  }

  @Test
  void manyFiles() throws Exception {
    box.repository(repo);
    List<String> names = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      names.add("a-file-with-a-rather-long-name-so-that-the-arguments-get-too-long-" + i);
      Files.writeString(tree.resolve(names.getLast()), "");
    }
    box.done("add", "path", repo, "files", names);
    assertEquals(2_000, box.status(repo).get("fileStatus").size());
  }

  @Test
  void aCommitHasOneAuthorAndCommitter() throws Exception {
    Instant before = Instant.now().minus(Duration.ofSeconds(2));
    String first = box.repository(repo);
    Files.writeString(tree.resolve("file"), "two\n");
    box.done("add", "path", repo, "files", List.of("file"));
    String message = "subject\n\n# not a comment\n  body  \n\n\n";
    JsonNode reply =
        ok(
            box.post(
                "commit",
                "path",
                repo,
                "message",
                message,
                "author",
                "Ann Ö",
                "email",
                "ann@x.org"));
    assertEquals(1, reply.size());
    String second = reply.get("hash").textValue();
    assertTrue(second.matches("[0-9a-f]{40}"), second);
    assertEquals(
        "Ann Ö|ann@x.org|Ann Ö|ann@x.org\n",
        box.git(repo, "log", "-1", "--format=%an|%ae|%cn|%ce"));
    JsonNode history = ok(box.get("history", "path", repo));
    assertEquals(2, history.size());
    assertEquals(second, history.get(0).get("hash").textValue());
    assertEquals(first, history.get(1).get("hash").textValue());
    assertEquals("Ann Ö", history.get(0).get("author").textValue());
    assertEquals("ann@x.org", history.get(0).get("email").textValue());
    assertEquals(message, history.get(0).get("message").textValue());
    OffsetDateTime time = OffsetDateTime.parse(history.get(0).get("timestamp").textValue());
    assertTrue(time.toInstant().isAfter(before), time::toString);
    assertEquals(5, history.get(0).size());
  }

  @Test
  void anEmptyCommitOnlyWhenAllowed() throws Exception {
    box.repository(repo);
    assertError(
        box.post("commit", "path", repo, "message", "m", "author", "a", "email", "e"),
        409,
        "CONFLICT",
        "conflict: ");
    String hash =
        ok(box.post(
                "commit",
                "path",
                repo,
                "message",
                "m",
                "author",
                "a",
                "email",
                "e",
                "allow_empty",
                true))
            .get("hash")
            .textValue();
    assertEquals(hash, ok(box.get("history", "path", repo)).get(0).get("hash").textValue());
  }

  @Test
  void addRefusesWhatIsNotThere() throws Exception {
    box.repository(repo);
    for (String file : List.of("absent", "/etc/passwd", "../" + repo + "/../x")) {
      assertError(
          box.post("add", "path", repo, "files", List.of(file)),
          400,
          "BAD_REQUEST",
          "bad request: ");
    }
    box.done("add", "path", repo, "files", List.of());
    Commands.run(tree, "mkfifo", "pipe");
    box.done("add", "path", repo, "files", List.of("pipe"));
    assertEquals(List.of(), GitBox.words(box.status(repo)));
    Files.delete(tree.resolve("file"));
    box.done("add", "path", repo, "files", List.of("file"));
    assertEquals(List.of("file: Deleted/Unmodified"), GitBox.words(box.status(repo)));
  }

  @ParameterizedTest
  @CsvSource({
    "soft, file: Modified/Unmodified",
    "mixed, file: Unmodified/Modified",
    "'', file: Unmodified/Modified",
    "hard, ''",
    "merge, ''",
    "keep, ''"
  })
  void resetToACommit(String mode, String expected) throws Exception {
    String first = box.repository(repo);
    change("file", "two\n");
    box.done("reset", "path", repo, "mode", mode, "target", "HEAD~1");
    assertEquals(
        expected.isEmpty() ? List.of() : List.of(expected), GitBox.words(box.status(repo)));
    assertEquals(first, ok(box.get("history", "path", repo)).get(0).get("hash").textValue());
  }

  @Test
  void resetOfFiles() throws Exception {
    box.repository(repo);
    Files.writeString(tree.resolve("file"), "two\n");
    Files.writeString(tree.resolve("other"), "x\n");
    box.done("add", "path", repo, "files", List.of("."));
    box.done("reset", "path", repo, "files", List.of("file"));
    assertEquals(
        List.of("file: Unmodified/Modified", "other: Added/Unmodified"),
        GitBox.words(box.status(repo)));
    box.done("reset", "path", repo, "mode", "hard", "files", List.of("file"));
    assertEquals("one\n", Files.readString(tree.resolve("file")));
    assertEquals(List.of("other: Added/Unmodified"), GitBox.words(box.status(repo)));
    assertError(
        box.post("reset", "path", repo, "mode", "soft", "files", List.of("file")),
        400,
        "BAD_REQUEST",
        "bad request: ");
    assertError(
        box.post("reset", "path", repo, "mode", "wild"), 400, "BAD_REQUEST", "bad request: mode");
    assertError(
        box.post("reset", "path", repo, "target", "nowhere"),
        404,
        "GIT_BRANCH_NOT_FOUND",
        "not found: ");
    assertError(
        box.post("reset", "path", repo, "target", "--hard"), 400, "BAD_REQUEST", "bad request: ");
  }

  @Test
  void restore() throws Exception {
    box.repository(repo);
    change("file", "two\n");
    Files.writeString(tree.resolve("file"), "three\n");
    box.done("restore", "path", repo, "files", List.of("file"));
    assertEquals("two\n", Files.readString(tree.resolve("file")));
    box.done("restore", "path", repo, "files", List.of("file"), "source", "HEAD~1");
    assertEquals("one\n", Files.readString(tree.resolve("file")));
    box.done("add", "path", repo, "files", List.of("file"));
    box.done("restore", "path", repo, "files", List.of("file"), "staged", true);
    assertEquals(List.of("file: Unmodified/Modified"), GitBox.words(box.status(repo)));
    box.done("add", "path", repo, "files", List.of("file"));
    box.done("restore", "path", repo, "files", List.of("."), "staged", true, "worktree", true);
    assertEquals(List.of(), GitBox.words(box.status(repo)));
    assertError(
        box.post("restore", "path", repo, "files", List.of("absent")),
        400,
        "BAD_REQUEST",
        "bad request: ");
    assertError(
        box.post("restore", "path", repo, "files", List.of("file"), "source", "nowhere"),
        404,
        "GIT_BRANCH_NOT_FOUND",
        "not found: ");
    assertError(
        box.post("restore", "path", repo, "files", List.of()),
        400,
        "INVALID_REQUEST_BODY",
        "invalid body request: invalid request body: files");
  }
}
