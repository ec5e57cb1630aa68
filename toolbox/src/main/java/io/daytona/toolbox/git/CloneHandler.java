package io.daytona.toolbox.git;

import io.daytona.http.Call;
import io.daytona.toolbox.SandboxPaths;
import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.error.ToolboxError;
import io.daytona.toolbox.git.GitRequests.Clone;
import io.daytona.wire.error.DaytonaException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * {@code POST /git/clone} (toolbox protocol §7.2). It goes on when its client goes away: what a
 * client gave up waiting for is there when it looks again.
 */
final class CloneHandler {
  private final GitCalls calls;

  /** Directories of sandboxes that clones go to now: the second of two would undo the first. */
  private final Set<List<String>> running = ConcurrentHashMap.newKeySet();

  CloneHandler(GitCalls calls) {
    this.calls = calls;
  }

  @Nullable Void handle(Call<Clone> call) throws InterruptedException {
    Clone request = call.body();
    String wanted = GitCalls.required("path", request.path());
    String address = GitCalls.required("url", request.url());
    String commit = GitCalls.optional("commit_id", request.commit());
    if (commit != null && !Revisions.looksLikeHash(commit)) {
      throw ToolboxError.badRequest("commit_id must be 4 to 64 hexadecimal digits");
    }
    if (request.depth() != null && request.depth() < 0) {
      throw ToolboxError.badRequest("depth must not be negative");
    }
    Git git = calls.git(call);
    GitUrl url = GitUrl.parse(git.sandbox(), address);
    Target target = new Target(git, git.absolute(wanted), git.sandbox().agent());
    Source source =
        new Source(
            url,
            GitCredentials.of(request.username(), request.password(), url).orElse(null),
            Boolean.TRUE.equals(request.insecure()));
    String branch = GitCalls.optional("branch", request.branch());
    if (branch != null) {
      Revisions.checkBranchName(git, git.sandbox().workdir(), branch);
    }
    List<String> place =
        List.of(git.sandbox().sandboxId(), SandboxPaths.clean(git.absolute(wanted)));
    if (!running.add(place)) {
      throw git.error(GitFault.CONFLICT, "a clone into this directory is running");
    }
    try {
      target.requireFree();
      fetchOrUndo(git, source, target, request, branch);
    } finally {
      running.remove(place);
    }
    return null;
  }

  private static void fetchOrUndo(
      Git git, Source source, Target target, Clone request, @Nullable String branch)
      throws InterruptedException {
    try {
      fetch(git, source, target, request, branch);
    } catch (DaytonaException e) {
      try {
        target.remove();
      } catch (AgentException left) {
        e.addSuppressed(left);
      }
      throw e;
    }
  }

  private static void fetch(
      Git git, Source source, Target target, Clone request, @Nullable String branch)
      throws InterruptedException {
    String commit = GitCalls.optional("commit_id", request.commit());
    int depth = request.depth() == null ? 0 : request.depth();
    List<String> arguments =
        new ArrayList<>(List.of("clone", "--quiet", "--origin=origin", "--single-branch"));
    if (branch != null) {
      arguments.add("--branch=" + branch);
    }
    if (depth > 0) {
      arguments.add("--depth=" + depth);
    }
    if (commit != null) {
      arguments.add("--no-checkout");
    }
    arguments.addAll(List.of("--", source.url.text(), target.path));
    git.check(source.command(git.sandbox().workdir(), arguments));
    Revisions revisions = new Revisions(git, target.path);
    if (commit != null) {
      checkout(git, source, revisions, target, commit, depth);
    } else if (branch == null && revisions.commit("HEAD").isEmpty()) {
      throw git.error(GitFault.REPO_NOT_FOUND, "remote repository is empty");
    }
  }

  private static void checkout(
      Git git, Source source, Revisions revisions, Target target, String commit, int depth)
      throws InterruptedException {
    if (revisions.commit(commit).isEmpty()) {
      // It is on no branch that was fetched; many servers give single commits by their full hash.
      List<String> arguments = new ArrayList<>(List.of("fetch", "--quiet", "--no-tags"));
      if (depth > 0) {
        arguments.add("--depth=" + depth);
      }
      arguments.addAll(List.of("--", "origin", commit.toLowerCase(Locale.ROOT)));
      git.check(source.command(target.path, arguments));
    }
    String hash = revisions.commit(commit).orElseThrow(() -> revisions.branchNotFound(commit));
    git.check(GitCommand.in(target.path, "checkout", "--quiet", "--detach", hash, "--"));
  }

  /** Where a clone comes from. */
  private record Source(GitUrl url, @Nullable GitCredentials login, boolean insecure) {
    GitCommand command(String directory, List<String> arguments) {
      GitCommand command = GitCommand.in(directory, arguments).remote(login);
      return insecure ? command.with("http.sslVerify=false") : command;
    }
  }

  /** Where a clone goes to. */
  private static final class Target {
    private final Git git;
    private final String path;
    private final Agent agent;
    private final List<String> made = new ArrayList<>();
    private boolean existed;

    Target(Git git, String path, Agent agent) {
      this.git = git;
      this.path = path;
      this.agent = agent;
    }

    /** Refuses what is not an empty or a new directory, and remembers what will be made. */
    void requireFree() throws InterruptedException {
      existed = exists(path);
      if (!existed) {
        String parent = parent(path);
        while (!parent.isEmpty() && !exists(parent)) {
          made.add(parent);
          parent = parent(parent);
        }
        return;
      }
      if (!agent.stat(path, true).isDirectory()) {
        throw git.error(GitFault.CONFLICT, "the path exists and is not a directory");
      }
      if (exists(path + "/.git")) {
        throw git.error(GitFault.CONFLICT, "repository already exists");
      }
      try (var entries = agent.list(path)) {
        if (entries.next() != null) {
          throw git.error(GitFault.CONFLICT, "the directory exists and is not empty");
        }
      }
    }

    /** Removes what a failed clone has made; git does so itself unless it was killed. */
    void remove() throws InterruptedException {
      if (existed) {
        List<String> left = new ArrayList<>();
        try (var entries = agent.list(path)) {
          for (var entry = entries.next(); entry != null; entry = entries.next()) {
            left.add(entry.name());
          }
        }
        left.forEach(name -> remove(path + "/" + name, true));
        return;
      }
      remove(path, true);
      made.forEach(parent -> remove(parent, false));
    }

    private void remove(String what, boolean recursive) {
      try {
        agent.remove(what, recursive);
      } catch (AgentException e) {
        if (e.errno() != Errno.ENOENT && e.errno() != Errno.ENOTEMPTY) {
          throw e;
        }
      }
    }

    private boolean exists(String file) {
      try {
        agent.stat(file, false);
        return true;
      } catch (AgentException e) {
        if (e.errno() == Errno.ENOENT) {
          return false;
        }
        throw e;
      }
    }

    private static String parent(String file) {
      int end = file.length();
      while (end > 1 && file.charAt(end - 1) == '/') {
        end--;
      }
      int slash = file.lastIndexOf('/', end - 1);
      return slash <= 0 ? "" : file.substring(0, slash);
    }
  }
}
