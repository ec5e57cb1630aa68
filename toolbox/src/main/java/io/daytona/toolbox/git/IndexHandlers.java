package io.daytona.toolbox.git;

import io.daytona.http.Call;
import io.daytona.toolbox.error.ToolboxError;
import io.daytona.toolbox.git.GitRequests.Add;
import io.daytona.toolbox.git.GitRequests.Commit;
import io.daytona.toolbox.git.GitRequests.Reset;
import io.daytona.toolbox.git.GitRequests.Restore;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Index and commits: add, commit, reset, restore (toolbox protocol §7.2, §7.4). */
final class IndexHandlers {
  private static final Set<String> MODES = Set.of("soft", "mixed", "hard", "merge", "keep");

  /** Longer lists of files go through standard input, which older releases of git do not take. */
  private static final int MAX_ARGUMENTS = 100_000;

  private final GitCalls calls;

  IndexHandlers(GitCalls calls) {
    this.calls = calls;
  }

  @Nullable Void add(Call<Add> call) throws InterruptedException {
    Add request = call.body();
    GitCalls.required("path", request.path());
    List<String> files = GitCalls.files(request.files());
    Git git = calls.git(call);
    String repository = GitCalls.repository(request.path(), git);
    git.check(withFiles(GitCommand.in(repository, "add"), files));
    return null;
  }

  GitReplies.Commit commit(Call<Commit> call) throws InterruptedException {
    Commit request = call.body();
    GitCalls.required("path", request.path());
    String message = GitCalls.required("message", request.message());
    String author = GitCalls.required("author", request.author());
    String email = GitCalls.required("email", request.email());
    Git git = calls.git(call);
    String repository = GitCalls.repository(request.path(), git);
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "commit",
                "--quiet",
                "--no-verify",
                "--no-gpg-sign",
                "--no-status",
                "--cleanup=verbatim",
                "--allow-empty-message"));
    if (Boolean.TRUE.equals(request.allowEmpty())) {
      arguments.add("--allow-empty");
    }
    arguments.add("--file=-");
    git.check(
        GitCommand.in(repository, arguments)
            .env("GIT_AUTHOR_NAME", author)
            .env("GIT_AUTHOR_EMAIL", email)
            .env("GIT_COMMITTER_NAME", author)
            .env("GIT_COMMITTER_EMAIL", email)
            .reading(message));
    return new GitReplies.Commit(
        git.check(GitCommand.in(repository, "rev-parse", "--verify", "HEAD")).line());
  }

  @Nullable Void reset(Call<Reset> call) throws InterruptedException {
    Reset request = call.body();
    GitCalls.required("path", request.path());
    String mode = GitCalls.name("mode", request.mode(), "mixed");
    if (!MODES.contains(mode)) {
      throw ToolboxError.badRequest("mode must be one of soft, mixed, hard, merge, keep");
    }
    String target = GitCalls.name("target", request.target(), "");
    List<String> files = request.files() == null ? List.of() : GitCalls.files(request.files());
    if (!files.isEmpty() && !mode.equals("mixed") && !mode.equals("hard")) {
      throw ToolboxError.badRequest("files can be reset in the modes mixed and hard only");
    }
    Git git = calls.git(call);
    String repository = GitCalls.repository(request.path(), git);
    Revisions revisions = new Revisions(git, repository);
    List<String> commit = new ArrayList<>();
    if (!target.isEmpty()) {
      commit.add(revisions.commit(target).orElseThrow(() -> revisions.branchNotFound(target)));
    }
    if (files.isEmpty()) {
      List<String> arguments = new ArrayList<>(List.of("reset", "--quiet", "--" + mode));
      arguments.addAll(commit);
      arguments.add("--");
      git.check(GitCommand.in(repository, arguments));
    } else if (mode.equals("hard")) {
      String source = commit.isEmpty() ? "HEAD" : commit.getFirst();
      git.check(
          withFiles(
              GitCommand.in(repository, "restore", "--source=" + source, "--staged", "--worktree"),
              files));
    } else {
      git.check(withFiles(GitCommand.in(repository, "reset", "--quiet").and(commit), files));
    }
    return null;
  }

  @Nullable Void restore(Call<Restore> call) throws InterruptedException {
    Restore request = call.body();
    GitCalls.required("path", request.path());
    List<String> files = GitCalls.files(request.files());
    if (files.isEmpty()) {
      throw ToolboxError.invalidBody("invalid request body: files is required");
    }
    String source = GitCalls.name("source", request.source(), "");
    Git git = calls.git(call);
    String repository = GitCalls.repository(request.path(), git);
    List<String> arguments = new ArrayList<>(List.of("restore", "--quiet"));
    boolean staged = Boolean.TRUE.equals(request.staged());
    if (staged) {
      arguments.add("--staged");
    }
    if (!staged || Boolean.TRUE.equals(request.worktree())) {
      arguments.add("--worktree");
    }
    if (!source.isEmpty()) {
      Revisions revisions = new Revisions(git, repository);
      arguments.add(
          "--source="
              + revisions.commit(source).orElseThrow(() -> revisions.branchNotFound(source)));
    }
    git.check(withFiles(GitCommand.in(repository, arguments), files));
    return null;
  }

  /** Names files as they are, without wildcards; whatever their number and letters. */
  private static GitCommand withFiles(GitCommand command, List<String> files) {
    if (files.stream().mapToInt(String::length).sum() + files.size() > MAX_ARGUMENTS) {
      return command
          .and(List.of("--pathspec-from-file=-", "--pathspec-file-nul"))
          .reading(String.join("\0", files));
    }
    return command.and(List.of("--")).and(files);
  }
}
