package io.daytona.toolbox.git;

import io.daytona.http.Call;
import io.daytona.toolbox.git.GitReplies.Branches;
import io.daytona.toolbox.git.GitRequests.Branch;
import io.daytona.toolbox.git.GitRequests.Checkout;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Branches of a repository: list, create, delete, check out (toolbox protocol §7.2). */
final class BranchHandlers {
  private final GitCalls calls;

  BranchHandlers(GitCalls calls) {
    this.calls = calls;
  }

  Branches list(Call<Void> call) throws InterruptedException {
    Git git = calls.git(call);
    String repository = GitCalls.repository(call, git);
    GitOutput references =
        git.check(GitCommand.in(repository, "for-each-ref", "--format=%(refname)", "refs/heads/"));
    List<String> names = references.lines().stream().map(Revisions::withoutPrefix).toList();
    if (!GitCalls.takesNewKeys(call)) {
      return new Branches(names, null);
    }
    return new Branches(names, new Revisions(git, repository).currentBranch().orElse(""));
  }

  /** Creates a branch at HEAD and checks it out. */
  @Nullable Void create(Call<Branch> call) throws InterruptedException {
    Branch request = call.body();
    GitCalls.required("path", request.path());
    String name = GitCalls.required("name", request.name());
    Git git = calls.git(call);
    String repository = GitCalls.repository(request.path(), git);
    Revisions.checkBranchName(git, repository, name);
    Revisions revisions = new Revisions(git, repository);
    if (revisions.branchExists(name)) {
      throw git.error(GitFault.BRANCH_EXISTS, "a branch named '" + name + "' already exists");
    }
    if (revisions.commit("HEAD").isEmpty()) {
      throw git.error(GitFault.BRANCH_NOT_FOUND, "HEAD: the repository has no commit yet");
    }
    revisions.requireNoUnstagedChanges();
    git.check(GitCommand.in(repository, "checkout", "--quiet", "--no-track", "-b", name));
    return null;
  }

  /** Deletes a branch, also one whose commits are on no other. */
  @Nullable Void delete(Call<Branch> call) throws InterruptedException {
    Branch request = call.body();
    GitCalls.required("path", request.path());
    String name = GitCalls.required("name", request.name());
    Git git = calls.git(call);
    String repository = GitCalls.repository(request.path(), git);
    Revisions.checkBranchName(git, repository, name);
    git.check(GitCommand.in(repository, "branch", "--quiet", "-D", "--", name));
    return null;
  }

  /** Checks out a local branch, or else a commit, detached. */
  @Nullable Void checkout(Call<Checkout> call) throws InterruptedException {
    Checkout request = call.body();
    GitCalls.required("path", request.path());
    String name = GitCalls.name("branch", request.branch());
    Git git = calls.git(call);
    String repository = GitCalls.repository(request.path(), git);
    Revisions revisions = new Revisions(git, repository);
    if (revisions.branchExists(name)) {
      revisions.requireNoUnstagedChanges();
      git.check(GitCommand.in(repository, "checkout", "--quiet", name, "--"));
      return null;
    }
    Optional<String> commit =
        Revisions.looksLikeHash(name) ? revisions.commit(name) : Optional.empty();
    String hash = commit.orElseThrow(() -> revisions.branchNotFound(name));
    revisions.requireNoUnstagedChanges();
    git.check(GitCommand.in(repository, "checkout", "--quiet", "--detach", hash, "--"));
    return null;
  }
}
