package io.daytona.toolbox.git;

import io.daytona.http.Call;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.git.GitRequests.Init;
import io.daytona.wire.error.DaytonaException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** {@code POST /git/init}: a new repository (toolbox protocol §7.4). */
final class InitHandler {
  private final GitCalls calls;

  InitHandler(GitCalls calls) {
    this.calls = calls;
  }

  @Nullable Void handle(Call<Init> call) throws InterruptedException {
    Init request = call.body();
    GitCalls.required("path", request.path());
    String branch = GitCalls.name("initial_branch", request.initialBranch(), "");
    boolean bare = Boolean.TRUE.equals(request.bare());
    Git git = calls.git(call);
    String path = GitCalls.repository(request.path(), git);
    String workdir = git.sandbox().workdir();
    if (!branch.isEmpty()) {
      Revisions.checkBranchName(git, workdir, branch);
    }
    if (exists(git, path + "/.git")
        || (exists(git, path + "/HEAD") && exists(git, path + "/objects"))) {
      throw git.error(GitFault.CONFLICT, "repository already exists");
    }
    List<String> arguments = new ArrayList<>(List.of("init", "--quiet"));
    if (bare) {
      arguments.add("--bare");
    }
    arguments.addAll(List.of("--", path));
    boolean existed = exists(git, path);
    try {
      git.check(GitCommand.in(workdir, arguments));
      if (!branch.isEmpty()) {
        // Releases before 2.28 cannot name it while they initialize.
        git.check(GitCommand.in(path, "symbolic-ref", "HEAD", "refs/heads/" + branch));
      }
    } catch (DaytonaException e) {
      // Half a repository would be in the way of the next try.
      remove(git, existed ? path + "/.git" : path, e);
      throw e;
    }
    return null;
  }

  private static void remove(Git git, String what, DaytonaException cause) {
    try {
      git.sandbox().agent().remove(what, true);
    } catch (AgentException e) {
      if (e.errno() != Errno.ENOENT) {
        cause.addSuppressed(e);
      }
    }
  }

  private static boolean exists(Git git, String file) {
    try {
      git.sandbox().agent().stat(file, false);
      return true;
    } catch (AgentException e) {
      if (e.errno() == Errno.ENOENT) {
        return false;
      }
      throw e;
    }
  }
}
