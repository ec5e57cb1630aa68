package io.daytona.toolbox.git;

import io.daytona.http.Access;
import io.daytona.http.Endpoint;
import io.daytona.http.Endpoint.Handler;
import io.daytona.http.Method;
import io.daytona.http.RawReply;
import io.daytona.toolbox.SandboxCalls;
import java.util.List;

/** Git (toolbox protocol §7; operations of both OpenAPI documents). */
public final class GitEndpoints {
  private static final int OK = 200;
  private static final int CREATED = 201;
  private static final int NO_CONTENT = 204;

  private final GitCalls calls;

  /**
   * @param calls finds sandboxes
   */
  public GitEndpoints(SandboxCalls calls) {
    this.calls = new GitCalls(calls);
  }

  /** The table's rows. */
  public List<Endpoint<?, ?>> all() {
    CloneHandler clone = new CloneHandler(calls);
    InitHandler init = new InitHandler(calls);
    StatusHandler status = new StatusHandler(calls);
    HistoryHandler history = new HistoryHandler(calls);
    BranchHandlers branches = new BranchHandlers(calls);
    IndexHandlers index = new IndexHandlers(calls);
    RemoteHandlers remotes = new RemoteHandlers(calls);
    ConfigHandlers config = new ConfigHandlers(calls);
    return List.of(
        post(
            "clone",
            "CloneRepository",
            "Clones a repository.",
            GitRequests.Clone.class,
            clone::handle),
        created(
            "init", "InitRepository", "Makes a repository.", GitRequests.Init.class, init::handle),
        get(
            "status",
            "GetStatus",
            "Answers branch and changed files.",
            RawReply.class,
            status::handle),
        get(
            "history",
            "GetCommitHistory",
            "Lists the commits of HEAD.",
            RawReply.class,
            history::handle),
        get(
            "branches",
            "ListBranches",
            "Lists local branches.",
            GitReplies.Branches.class,
            branches::list),
        created(
            "branches",
            "CreateBranch",
            "Creates a branch at HEAD and checks it out.",
            GitRequests.Branch.class,
            branches::create),
        new Endpoint<>(
            Method.DELETE,
            "/git/branches",
            "DeleteBranch",
            "Deletes a branch, merged or not.",
            Access.MEMBER,
            GitRequests.Branch.class,
            Void.class,
            NO_CONTENT,
            branches::delete),
        post(
            "checkout",
            "CheckoutBranch",
            "Checks out a branch or a commit.",
            GitRequests.Checkout.class,
            branches::checkout),
        post("add", "AddFiles", "Adds files to the index.", GitRequests.Add.class, index::add),
        Endpoint.post(
            "/git/commit",
            "CommitChanges",
            "Commits the index.",
            Access.MEMBER,
            GitRequests.Commit.class,
            GitReplies.Commit.class,
            OK,
            index::commit),
        post(
            "reset",
            "ResetChanges",
            "Resets HEAD or files.",
            GitRequests.Reset.class,
            index::reset),
        post(
            "restore",
            "RestoreFiles",
            "Restores files.",
            GitRequests.Restore.class,
            index::restore),
        post(
            "pull",
            "PullChanges",
            "Fast-forwards to a remote.",
            GitRequests.Pull.class,
            remotes::pull),
        post("push", "PushChanges", "Pushes a branch.", GitRequests.Push.class, remotes::push),
        get("remotes", "ListRemotes", "Lists remotes.", GitReplies.Remotes.class, remotes::list),
        created(
            "remotes", "AddRemote", "Adds a remote.", GitRequests.AddRemote.class, remotes::add),
        get("config", "GetGitConfig", "Answers a setting.", GitReplies.Config.class, config::get),
        post(
            "config",
            "SetGitConfig",
            "Changes a setting.",
            GitRequests.SetConfig.class,
            config::set),
        post(
            "config/user",
            "ConfigureUser",
            "Sets the user's name and address.",
            GitRequests.ConfigureUser.class,
            config::user),
        post(
            "credentials",
            "Authenticate",
            "Stores credentials in git's credential store.",
            GitRequests.Authenticate.class,
            config::authenticate));
  }

  private static <R> Endpoint<Void, R> get(
      String name, String operation, String summary, Class<R> reply, Handler<Void, R> handler) {
    return Endpoint.get("/git/" + name, operation, summary, Access.MEMBER, reply, handler);
  }

  private static <B> Endpoint<B, Void> post(
      String name, String operation, String summary, Class<B> body, Handler<B, Void> handler) {
    return post(name, operation, summary, body, OK, handler);
  }

  private static <B> Endpoint<B, Void> created(
      String name, String operation, String summary, Class<B> body, Handler<B, Void> handler) {
    return post(name, operation, summary, body, CREATED, handler);
  }

  private static <B> Endpoint<B, Void> post(
      String name,
      String operation,
      String summary,
      Class<B> body,
      int status,
      Handler<B, Void> handler) {
    return Endpoint.post(
        "/git/" + name, operation, summary, Access.MEMBER, body, Void.class, status, handler);
  }
}
