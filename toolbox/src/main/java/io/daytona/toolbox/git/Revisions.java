package io.daytona.toolbox.git;

import io.daytona.toolbox.error.ToolboxError;
import java.util.Optional;
import java.util.regex.Pattern;

/** Looks up branches and revisions of one repository. */
final class Revisions {
  private static final Pattern HASH = Pattern.compile("[0-9A-Fa-f]{4,64}");
  private static final String HEADS = "refs/heads/";

  private final Git git;
  private final String repository;

  Revisions(Git git, String repository) {
    this.git = git;
    this.repository = repository;
  }

  /**
   * Checks the name of a branch by git's own rules.
   *
   * @throws io.daytona.wire.error.DaytonaException 400 when no branch can have it
   */
  static void checkBranchName(Git git, String directory, String name) throws InterruptedException {
    if (name.startsWith("-")
        || name.equals("HEAD")
        || name.length() > GitCalls.LONGEST_NAME
        || !git.test(GitCommand.in(directory, "check-ref-format", HEADS + name))) {
      String shown = name.length() > GitCalls.LONGEST_NAME ? name.substring(0, 32) + "…" : name;
      throw ToolboxError.badRequest("'" + shown + "' is not a valid branch name");
    }
  }

  /** Whether a text may be a commit's hash, possibly abbreviated. */
  static boolean looksLikeHash(String text) {
    return HASH.matcher(text).matches();
  }

  /** Whether a local branch exists. */
  boolean branchExists(String name) throws InterruptedException {
    return git.test(GitCommand.in(repository, "show-ref", "--verify", "--quiet", HEADS + name));
  }

  /** The current branch, also before its first commit; empty when HEAD is detached. */
  Optional<String> currentBranch() throws InterruptedException {
    GitOutput head = git.run(GitCommand.in(repository, "symbolic-ref", "--quiet", "HEAD"));
    if (head.status() > 1 || head.status() < 0) {
      throw git.failure(head);
    }
    return head.succeeded() ? Optional.of(withoutPrefix(head.line())) : Optional.empty();
  }

  /** The full hash of a commit that a revision names. */
  Optional<String> commit(String revision) throws InterruptedException {
    GitOutput found =
        git.run(
            GitCommand.in(repository, "rev-parse", "--verify", "--quiet", revision + "^{commit}"));
    if (found.succeeded()) {
      return Optional.of(found.line());
    }
    if (GitFaults.of(found.err()) == GitFault.REPO_NOT_FOUND) {
      throw git.failure(found);
    }
    return Optional.empty();
  }

  /** Refuses to go on over changes of tracked files that are not staged. */
  void requireNoUnstagedChanges() throws InterruptedException {
    if (!git.test(
        GitCommand.in(
            repository, "diff", "--quiet", "--no-ext-diff", "--ignore-submodules=dirty"))) {
      throw git.error(GitFault.DIRTY_WORKTREE, "worktree contains unstaged changes");
    }
  }

  /** The error for a branch that does not exist. */
  RuntimeException branchNotFound(String name) {
    return git.error(GitFault.BRANCH_NOT_FOUND, "branch or commit '" + name + "' not found");
  }

  /** The short name of a branch's reference. */
  static String withoutPrefix(String reference) {
    return reference.startsWith(HEADS) ? reference.substring(HEADS.length()) : reference;
  }
}
