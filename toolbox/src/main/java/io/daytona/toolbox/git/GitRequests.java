package io.daytona.toolbox.git;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Bodies of requests, as in both OpenAPI documents of the toolbox (toolbox protocol §7). */
final class GitRequests {
  private GitRequests() {}

  /**
   * {@code POST /git/clone}.
   *
   * @param url address of the remote
   * @param path directory to make
   * @param branch branch or tag to check out; the remote's default when absent
   * @param commit commit to check out detached
   * @param depth number of commits to fetch; absent or 0 for all
   * @param username counts with a password only
   * @param password password or token
   * @param insecure whether the server's certificate is not checked
   */
  record Clone(
      @Nullable String url,
      @Nullable String path,
      @Nullable String branch,
      @JsonProperty("commit_id") @Nullable String commit,
      @Nullable Integer depth,
      @Nullable String username,
      @Nullable String password,
      @JsonProperty("insecure_skip_tls") @Nullable Boolean insecure) {}

  /**
   * {@code POST /git/init}.
   *
   * @param path directory
   * @param bare whether it has no working tree
   * @param initialBranch name of the first branch
   */
  record Init(
      @Nullable String path,
      @Nullable Boolean bare,
      @JsonProperty("initial_branch") @Nullable String initialBranch) {}

  /**
   * {@code POST} and {@code DELETE /git/branches}.
   *
   * @param path repository
   * @param name branch
   */
  record Branch(@Nullable String path, @Nullable String name) {}

  /**
   * {@code POST /git/checkout}.
   *
   * @param path repository
   * @param branch local branch or commit
   */
  record Checkout(@Nullable String path, @Nullable String branch) {}

  /**
   * {@code POST /git/add}.
   *
   * @param path repository
   * @param files paths in it; {@code .} for everything
   */
  record Add(@Nullable String path, @Nullable List<@Nullable String> files) {}

  /**
   * {@code POST /git/commit}.
   *
   * @param path repository
   * @param message text, kept as it is
   * @param author name of author and committer
   * @param email their address
   * @param allowEmpty whether a commit that changes nothing is made
   */
  record Commit(
      @Nullable String path,
      @Nullable String message,
      @Nullable String author,
      @Nullable String email,
      @JsonProperty("allow_empty") @Nullable Boolean allowEmpty) {}

  /**
   * {@code POST /git/reset}.
   *
   * @param path repository
   * @param mode soft, mixed, hard, merge or keep; mixed when absent
   * @param target revision; HEAD when absent
   * @param files limits it to these paths
   */
  record Reset(
      @Nullable String path,
      @Nullable String mode,
      @Nullable String target,
      @Nullable List<@Nullable String> files) {}

  /**
   * {@code POST /git/restore}.
   *
   * @param path repository
   * @param files paths to restore
   * @param staged whether the index is restored
   * @param worktree whether the working tree is restored, as it is when neither is named
   * @param source revision to take the content from
   */
  record Restore(
      @Nullable String path,
      @Nullable List<@Nullable String> files,
      @Nullable Boolean staged,
      @Nullable Boolean worktree,
      @Nullable String source) {}

  /**
   * {@code POST /git/pull}.
   *
   * @param path repository
   * @param remote remote; origin when absent
   * @param branch branch of the remote; the current branch's upstream when absent
   * @param username counts with a password only
   * @param password password or token
   */
  record Pull(
      @Nullable String path,
      @Nullable String remote,
      @Nullable String branch,
      @Nullable String username,
      @Nullable String password) {}

  /**
   * {@code POST /git/push}.
   *
   * @param path repository
   * @param remote remote; origin when absent
   * @param branch local branch; the current one when absent
   * @param setUpstream whether it becomes the branch's upstream
   * @param username counts with a password only
   * @param password password or token
   */
  record Push(
      @Nullable String path,
      @Nullable String remote,
      @Nullable String branch,
      @JsonProperty("set_upstream") @Nullable Boolean setUpstream,
      @Nullable String username,
      @Nullable String password) {}

  /**
   * {@code POST /git/remotes}.
   *
   * @param path repository
   * @param name name of the remote
   * @param url its address
   * @param fetch whether it is fetched right away
   * @param overwrite whether one of the same name is replaced
   */
  record AddRemote(
      @Nullable String path,
      @Nullable String name,
      @Nullable String url,
      @Nullable Boolean fetch,
      @Nullable Boolean overwrite) {}

  /**
   * {@code POST /git/config}.
   *
   * @param key section and name
   * @param value text
   * @param scope global, local or system; global when absent
   * @param path repository of the scope local
   */
  record SetConfig(
      @Nullable String key,
      @Nullable String value,
      @Nullable String scope,
      @Nullable String path) {}

  /**
   * {@code POST /git/config/user}.
   *
   * @param name user.name
   * @param email user.email
   * @param scope global, local or system; global when absent
   * @param path repository of the scope local
   */
  record ConfigureUser(
      @Nullable String name,
      @Nullable String email,
      @Nullable String scope,
      @Nullable String path) {}

  /**
   * {@code POST /git/credentials}.
   *
   * @param username user
   * @param password password or token
   * @param host github.com when absent
   * @param protocol https when absent
   */
  record Authenticate(
      @Nullable String username,
      @Nullable String password,
      @Nullable String host,
      @Nullable String protocol) {
    @Override
    public String toString() {
      return "Authenticate[" + host + "]";
    }
  }
}
