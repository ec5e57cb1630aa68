package io.daytona.toolbox.git;

import io.daytona.http.Call;
import io.daytona.toolbox.git.GitReplies.Remote;
import io.daytona.toolbox.git.GitReplies.Remotes;
import io.daytona.toolbox.git.GitRequests.AddRemote;
import io.daytona.toolbox.git.GitRequests.Pull;
import io.daytona.toolbox.git.GitRequests.Push;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Remotes: pull, push, list, add (toolbox protocol §7.2, §7.4). */
final class RemoteHandlers {
  private static final String ORIGIN = "origin";
  private static final String SECTION = "remote.";
  private static final String URL = ".url";

  private final GitCalls calls;

  RemoteHandlers(GitCalls calls) {
    this.calls = calls;
  }

  /** Fetches a branch and moves the current one forward to it; never merges or rebases. */
  @Nullable Void pull(Call<Pull> call) throws InterruptedException {
    Pull request = call.body();
    GitCalls.required("path", request.path());
    String remote = GitCalls.name("remote", request.remote(), ORIGIN);
    String asked = GitCalls.name("branch", request.branch(), "");
    Git git = calls.git(call);
    String repository = GitCalls.repository(request.path(), git);
    GitCredentials login =
        login(git, repository, remote, false, request.username(), request.password());
    String branch = asked.isEmpty() ? upstream(git, repository, remote) : asked;
    if (!asked.isEmpty()) {
      Revisions.checkBranchName(git, repository, asked);
    }
    git.check(
        GitCommand.in(
                repository, "pull", "--quiet", "--ff-only", "--no-rebase", "--", remote, branch)
            .remote(login));
    return null;
  }

  /** Pushes a branch to the one of the same name. */
  @Nullable Void push(Call<Push> call) throws InterruptedException {
    Push request = call.body();
    GitCalls.required("path", request.path());
    String remote = GitCalls.name("remote", request.remote(), ORIGIN);
    String asked = GitCalls.name("branch", request.branch(), "");
    Git git = calls.git(call);
    String repository = GitCalls.repository(request.path(), git);
    GitCredentials login =
        login(git, repository, remote, true, request.username(), request.password());
    String branch = asked.isEmpty() ? current(git, repository) : asked;
    if (!asked.isEmpty()) {
      Revisions.checkBranchName(git, repository, asked);
    }
    if (!new Revisions(git, repository).branchExists(branch)) {
      throw git.error(GitFault.BRANCH_NOT_FOUND, "branch '" + branch + "' has no commit to push");
    }
    List<String> arguments = new ArrayList<>(List.of("push", "--porcelain", "--no-verify"));
    if (Boolean.TRUE.equals(request.setUpstream())) {
      arguments.add("--set-upstream");
    }
    String reference = "refs/heads/" + branch;
    arguments.addAll(List.of("--", remote, reference + ":" + reference));
    git.check(GitCommand.in(repository, arguments).remote(login));
    if (Boolean.TRUE.equals(request.setUpstream())) {
      track(git, repository, remote, branch);
    }
    return null;
  }

  /**
   * Lets a remote follow a pushed branch: a clone of a single branch follows only that one, and git
   * then knows no upstream of others, whatever is configured.
   */
  private static void track(Git git, String repository, String remote, String branch)
      throws InterruptedException {
    GitOutput fetched =
        git.run(GitCommand.in(repository, "config", "--get-all", "remote." + remote + ".fetch"));
    String reference = "refs/heads/" + branch;
    boolean followed =
        fetched.lines().stream()
            .anyMatch(spec -> spec.contains("refs/heads/*:") || spec.contains(reference + ":"));
    if (!followed) {
      git.check(GitCommand.in(repository, "remote", "set-branches", "--add", "--", remote, branch));
      git.check(
          GitCommand.in(
              repository, "update-ref", "refs/remotes/" + remote + "/" + branch, reference));
    }
  }

  Remotes list(Call<Void> call) throws InterruptedException {
    Git git = calls.git(call);
    String repository = GitCalls.repository(call, git);
    return remotes(urls(git, repository));
  }

  /** Reads {@code remote.NAME.url\nURL\0…}; the first URL of a remote counts. */
  static Remotes remotes(String settings) {
    Map<String, Remote> remotes = new LinkedHashMap<>();
    for (String entry : settings.split("\0", -1)) {
      int end = entry.indexOf('\n');
      String key = end < 0 ? "" : entry.substring(0, end);
      boolean complete = key.length() >= SECTION.length() + URL.length();
      if (complete && key.startsWith(SECTION) && key.endsWith(URL)) {
        String name = key.substring(SECTION.length(), key.length() - URL.length());
        remotes.putIfAbsent(name, new Remote(name, entry.substring(end + 1)));
      }
    }
    return new Remotes(List.copyOf(remotes.values()));
  }

  @Nullable Void add(Call<AddRemote> call) throws InterruptedException {
    AddRemote request = call.body();
    GitCalls.required("path", request.path());
    String name = GitCalls.name("name", request.name());
    String address = GitCalls.required("url", request.url());
    Git git = calls.git(call);
    GitUrl url = GitUrl.parse(git.sandbox(), address);
    String repository = GitCalls.repository(request.path(), git);
    Revisions.checkBranchName(git, repository, name);
    if (Boolean.TRUE.equals(request.overwrite()) && exists(git, repository, name)) {
      git.check(GitCommand.in(repository, "config", "--remove-section", "remote." + name));
    }
    git.check(GitCommand.in(repository, "remote", "add", "--", name, url.text()));
    if (Boolean.TRUE.equals(request.fetch())) {
      GitCredentials login = GitCredentials.of(null, null, url).orElse(null);
      git.check(GitCommand.in(repository, "fetch", "--quiet", "--", name).remote(login));
    }
    return null;
  }

  private static String urls(Git git, String repository) throws InterruptedException {
    GitCommand command =
        GitCommand.in(repository, "config", "--null", "--get-regexp", "^remote\\..*\\.url$");
    GitOutput found = git.run(command);
    if (found.status() == 1) {
      // No remote, or no repository to have one.
      git.check(GitCommand.in(repository, "rev-parse", "--git-dir"));
      return "";
    }
    if (!found.succeeded()) {
      throw git.failure(found);
    }
    return found.out();
  }

  private static boolean exists(Git git, String repository, String name)
      throws InterruptedException {
    return git.test(GitCommand.in(repository, "config", "--get-all", "remote." + name + ".url"));
  }

  /** Refuses an unknown remote, and finds what its server may be told. */
  private static @Nullable GitCredentials login(
      Git git,
      String repository,
      String remote,
      boolean push,
      @Nullable String username,
      @Nullable String password)
      throws InterruptedException {
    List<String> arguments = new ArrayList<>(List.of("remote", "get-url"));
    if (push) {
      arguments.add("--push");
    }
    arguments.addAll(List.of("--", remote));
    String address = git.check(GitCommand.in(repository, arguments)).line();
    if (username == null || username.isEmpty() || password == null || password.isEmpty()) {
      // A URL that the sandbox itself has stored with credentials is git's to read.
      return null;
    }
    return GitCredentials.of(username, password, GitUrl.parse(git.sandbox(), address)).orElse(null);
  }

  private static String current(Git git, String repository) throws InterruptedException {
    return new Revisions(git, repository)
        .currentBranch()
        .orElseThrow(
            () -> git.error(GitFault.CONFLICT, "HEAD is detached; say which branch is meant"));
  }

  /** The branch of the remote that the current one follows; the one of its own name otherwise. */
  private static String upstream(Git git, String repository, String remote)
      throws InterruptedException {
    String branch = current(git, repository);
    Optional<String> followed = setting(git, repository, "branch." + branch + ".remote");
    return followed.equals(Optional.of(remote))
        ? setting(git, repository, "branch." + branch + ".merge").orElse(branch)
        : branch;
  }

  private static Optional<String> setting(Git git, String repository, String key)
      throws InterruptedException {
    GitOutput value = git.run(GitCommand.in(repository, "config", "--get", key));
    return value.succeeded() ? Optional.of(value.line()) : Optional.empty();
  }
}
