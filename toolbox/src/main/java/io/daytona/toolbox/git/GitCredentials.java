package io.daytona.toolbox.git;

import io.daytona.toolbox.error.ToolboxError;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * User name and password for one host; their text never reaches a log.
 *
 * @param scope {@code https://host[:port]} that they may be sent to
 * @param username user name
 * @param password password or token; may be empty when the user name is the token
 */
record GitCredentials(String scope, String username, String password) {
  /**
   * Texts shorter than this occur anywhere; replacing them would garble messages, not hide them.
   */
  private static final int SHORTEST_HIDDEN = 4;

  GitCredentials {
    requireLine("username", username);
    requireLine("password", password);
  }

  /**
   * The credentials of a request: its own when both are given (toolbox protocol §7.1), else those
   * in the URL. A remote that is not asked over HTTP takes none.
   */
  static Optional<GitCredentials> of(
      @Nullable String username, @Nullable String password, GitUrl url) {
    if (url.scope().isEmpty()) {
      return Optional.empty();
    }
    if (username != null && !username.isEmpty() && password != null && !password.isEmpty()) {
      return Optional.of(new GitCredentials(url.scope(), username, password));
    }
    return url.username().isEmpty()
        ? Optional.empty()
        : Optional.of(new GitCredentials(url.scope(), url.username(), url.password()));
  }

  /** What {@code askpass run} reads (agent/askpass/askpass.c). */
  String handover() {
    return scope + "\n" + username + "\n" + password + "\n";
  }

  /** A text without the secret: git repeats what servers say. */
  String hide(String text) {
    String secret = password.isEmpty() ? username : password;
    return secret.length() < SHORTEST_HIDDEN ? text : text.replace(secret, "***");
  }

  /** Refuses what git's credential protocol cannot carry. */
  static void requireLine(String name, String value) {
    if (value.chars().anyMatch(c -> c == '\n' || c == '\r' || c == 0)) {
      throw ToolboxError.badRequest(name + " must be a single line");
    }
  }

  @Override
  public String toString() {
    return "GitCredentials[" + scope + "]";
  }
}
