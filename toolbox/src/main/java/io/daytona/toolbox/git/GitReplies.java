package io.daytona.toolbox.git;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Replies, as in both OpenAPI documents of the toolbox (toolbox protocol §7). */
final class GitReplies {
  private GitReplies() {}

  /**
   * {@code GET /git/branches}.
   *
   * @param branches short names of the local branches, sorted
   * @param current the one that is checked out, empty when HEAD is detached; absent for clients
   *     that refuse keys they do not know
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Branches(List<String> branches, @Nullable String current) {}

  /**
   * {@code POST /git/commit}.
   *
   * @param hash the commit's 40 (or 64) hex digits
   */
  record Commit(String hash) {}

  /**
   * {@code GET /git/remotes}.
   *
   * @param remotes all remotes
   */
  record Remotes(List<Remote> remotes) {}

  /**
   * A remote.
   *
   * @param name its name
   * @param url its address
   */
  record Remote(String name, String url) {}

  /**
   * {@code GET /git/config}.
   *
   * @param value the value; absent when the key is not set
   */
  @JsonInclude(JsonInclude.Include.NON_NULL)
  record Config(@Nullable String value) {}
}
