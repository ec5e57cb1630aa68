package io.daytona.toolbox.git;

import static io.daytona.toolbox.Replies.assertError;
import static io.daytona.toolbox.Replies.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Repositories, their status and branches, without a remote (toolbox protocol §7.2). */
@Timeout(120)
@Tag("slow")
class LocalGitTest extends LocalRepository {
  @Test
  void aNewRepositoryHasNoCommit() throws Exception {
    box.done("init", "path", repo, "initial_branch", "trunk");
    JsonNode status = box.status(repo);
    assertEquals("trunk", status.get("currentBranch").textValue());
    assertFalse(status.get("detached").booleanValue());
    assertFalse(status.get("branchPublished").booleanValue());
    assertEquals("", status.get("upstream").textValue());
    assertEquals(0, status.get("ahead").intValue());
    assertEquals(0, status.get("behind").intValue());
    assertEquals(List.of(), GitBox.words(status));
    assertEquals(7, status.size(), status::toString);
    JsonNode branches = ok(box.get("branches", "path", repo));
    assertEquals("{\"branches\":[],\"current\":\"trunk\"}", branches.toString());
    assertError(box.get("history", "path", repo), 404, "GIT_BRANCH_NOT_FOUND", "not found: ");
    assertError(
        box.post("branches", "path", repo, "name", "x"),
        404,
        "GIT_BRANCH_NOT_FOUND",
        "not found: ");
    assertError(box.post("init", "path", repo), 409, "CONFLICT", "conflict: ");
  }

  @Test
  void aBareRepository() throws Exception {
    box.done("init", "path", repo, "bare", true);
    assertTrue(Files.exists(tree.resolve("HEAD")));
    assertFalse(Files.exists(tree.resolve(".git")));
    assertError(box.post("init", "path", repo), 409, "CONFLICT", "conflict: ");
    assertError(box.get("status", "path", repo), 404, "GIT_REPO_NOT_FOUND", "not found: ");
  }

  @Test
  void everyWordOfTheStatus() throws Exception {
    box.repository(repo);
    for (String name : List.of("edited", "staged", "removed", "gone", "moved", "both")) {
      Files.writeString(tree.resolve(name), name + " with enough text to be found again\n");
    }
    box.done("add", "path", repo, "files", List.of("."));
    box.commit(repo, "more");
    Files.writeString(tree.resolve("edited"), "x");
    Files.writeString(tree.resolve("staged"), "x");
    Files.writeString(tree.resolve("new"), "x");
    Files.writeString(tree.resolve("both"), "x");
    Files.delete(tree.resolve("removed"));
    Files.delete(tree.resolve("gone"));
    Files.move(tree.resolve("moved"), tree.resolve("was moved"));
    Files.writeString(tree.resolve(".gitignore"), "ignored\n");
    Files.writeString(tree.resolve("ignored"), "x");
    Files.createDirectories(tree.resolve("dir/sub"));
    Files.writeString(tree.resolve("dir/sub/untracked"), "x");
    List<String> staged =
        List.of("staged", "removed", "moved", "was moved", "new", "both", ".gitignore");
    box.done("add", "path", repo, "files", staged);
    Files.writeString(tree.resolve("both"), "y");
    assertEquals(
        List.of(
            ".gitignore: Added/Unmodified",
            "both: Modified/Modified",
            "dir/sub/untracked: Untracked/Untracked",
            "edited: Unmodified/Modified",
            "gone: Unmodified/Deleted",
            "new: Added/Unmodified",
            "removed: Deleted/Unmodified",
            "staged: Modified/Unmodified",
            "was moved < moved: Renamed/Unmodified"),
        GitBox.words(box.status(repo)));
  }

  @Test
  void aConflictIsUnmerged() throws Exception {
    box.repository(repo);
    box.done("branches", "path", repo, "name", "side");
    change("file", "side\n");
    box.done("checkout", "path", repo, "branch", "main");
    change("file", "main\n");
    Commands.run(tree, "sh", "-c", "git merge side || true");
    assertEquals(
        List.of("file: Updated but unmerged/Updated but unmerged"), GitBox.words(box.status(repo)));
    assertError(
        box.post("commit", "path", repo, "message", "m", "author", "a", "email", "e"),
        409,
        "GIT_MERGE_CONFLICT",
        "conflict: ");
    assertError(
        box.post("checkout", "path", repo, "branch", "side"),
        409,
        "GIT_DIRTY_WORKTREE",
        "conflict: ");
  }

  @Test
  void branches() throws Exception {
    String first = box.repository(repo);
    box.done("branches", "path", repo, "name", "feature/a");
    assertEquals("feature/a", box.status(repo).get("currentBranch").textValue());
    change("file", "unmerged");
    assertEquals(
        "{\"branches\":[\"feature/a\",\"main\"],\"current\":\"feature/a\"}",
        ok(box.get("branches", "path", repo)).toString());
    assertError(
        box.post("branches", "path", repo, "name", "main"), 409, "GIT_BRANCH_EXISTS", "conflict: ");
    assertError(box.deleteBranch(repo, "feature/a"), 409, "CONFLICT", "conflict: ");
    box.done("checkout", "path", repo, "branch", "main");
    assertEquals("one\n", Files.readString(tree.resolve("file")));
    assertEquals(204, box.deleteBranch(repo, "feature/a").statusCode());
    assertError(box.deleteBranch(repo, "feature/a"), 404, "GIT_BRANCH_NOT_FOUND", "not found: ");
    box.done("checkout", "path", repo, "branch", first);
    JsonNode status = box.status(repo);
    assertEquals("HEAD", status.get("currentBranch").textValue());
    assertTrue(status.get("detached").booleanValue());
    assertEquals(
        "{\"branches\":[\"main\"],\"current\":\"\"}",
        ok(box.get("branches", "path", repo)).toString());
    box.done("checkout", "path", repo, "branch", first.substring(0, 8));
    for (String unknown :
        List.of("nowhere", "origin/main", "HEAD", "deadbeef", "@{-1}", "main~1")) {
      assertError(
          box.post("checkout", "path", repo, "branch", unknown),
          404,
          "GIT_BRANCH_NOT_FOUND",
          "not found: ");
    }
  }

  @Test
  void unstagedChangesAreNotLost() throws Exception {
    box.repository(repo);
    box.done("branches", "path", repo, "name", "other");
    Files.writeString(tree.resolve("file"), "unsaved");
    assertError(
        box.post("checkout", "path", repo, "branch", "main"),
        409,
        "GIT_DIRTY_WORKTREE",
        "conflict: worktree contains unstaged changes");
    assertError(
        box.post("branches", "path", repo, "name", "third"),
        409,
        "GIT_DIRTY_WORKTREE",
        "conflict: ");
    assertEquals("unsaved", Files.readString(tree.resolve("file")));
    box.done("restore", "path", repo, "files", List.of("file"));
    Files.writeString(tree.resolve("untracked"), "x");
    box.done("checkout", "path", repo, "branch", "main");
  }

  @Test
  void aPathBelowTheHomeDirectoryOfTheUser() throws Exception {
    box.repository(repo);
    assertEquals("main", box.status(tree.toString()).get("currentBranch").textValue());
    assertEquals("main", box.status("./" + repo + "/").get("currentBranch").textValue());
    assertEquals("main", box.status("~/.." + tree).get("currentBranch").textValue());
  }

  @Test
  void aRepositoryOfAnotherUser() throws Exception {
    box.repository(repo);
    Commands.run(tree, "chown", "-R", "65534", ".");
    assertEquals("main", box.status(repo).get("currentBranch").textValue());
  }

  @Test
  void anotherProcessHoldsTheIndex() throws Exception {
    box.repository(repo);
    Files.writeString(tree.resolve(".git/index.lock"), "");
    Files.writeString(tree.resolve("new"), "");
    assertError(
        box.post("add", "path", repo, "files", List.of("new")), 409, "CONFLICT", "conflict: ");
    assertEquals(List.of("new: Untracked/Untracked"), GitBox.words(box.status(repo)));
  }

  @Test
  void hooksOfTheRepositoryAreNotRun() throws Exception {
    box.repository(repo);
    for (String hook : List.of("pre-commit", "commit-msg", "post-commit", "post-checkout")) {
      Path file = tree.resolve(".git/hooks").resolve(hook);
      Files.createDirectories(file.getParent());
      Files.writeString(file, "#!/bin/sh\ntouch hook-was-run\nexit 1\n");
      Commands.run(tree, "chmod", "+x", file.toString());
    }
    change("file", "x");
    box.done("branches", "path", repo, "name", "other");
    assertFalse(Files.exists(tree.resolve("hook-was-run")));
  }
}
