package io.daytona.toolbox.git;

import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;

/** What can go wrong with git, with the status and code of each (toolbox protocol §7.3). */
enum GitFault {
  AUTH_FAILED(ErrorKind.UNAUTHORIZED, "GIT_AUTH_FAILED", "unauthorized: "),
  FORBIDDEN(ErrorKind.FORBIDDEN, ErrorKind.FORBIDDEN.code(), "forbidden: "),
  REPO_NOT_FOUND(ErrorKind.NOT_FOUND, "GIT_REPO_NOT_FOUND", "not found: "),
  BRANCH_NOT_FOUND(ErrorKind.NOT_FOUND, "GIT_BRANCH_NOT_FOUND", "not found: "),
  CONFLICT(ErrorKind.CONFLICT, ErrorKind.CONFLICT.code(), "conflict: "),
  BRANCH_EXISTS(ErrorKind.CONFLICT, "GIT_BRANCH_EXISTS", "conflict: "),
  PUSH_REJECTED(ErrorKind.CONFLICT, "GIT_PUSH_REJECTED", "conflict: "),
  DIRTY_WORKTREE(ErrorKind.CONFLICT, "GIT_DIRTY_WORKTREE", "conflict: "),
  MERGE_CONFLICT(ErrorKind.CONFLICT, "GIT_MERGE_CONFLICT", "conflict: "),
  TRANSPORT_FAILED(ErrorKind.BAD_GATEWAY, "GIT_TRANSPORT_FAILED", ""),
  REMOTE_REJECTED(ErrorKind.UNPROCESSABLE, "GIT_REMOTE_REJECTED", ""),
  BAD_REQUEST(ErrorKind.BAD_REQUEST, ErrorKind.BAD_REQUEST.code(), "bad request: "),
  PROGRAM_MISSING(ErrorKind.UNPROCESSABLE, ErrorKind.UNPROCESSABLE.code(), ""),
  KILLED(ErrorKind.UNPROCESSABLE, ErrorKind.UNPROCESSABLE.code(), ""),
  NO_SPACE(ErrorKind.BAD_REQUEST, ErrorKind.BAD_REQUEST.code(), "bad request: "),
  NO_PROCESS(ErrorKind.UNAVAILABLE, ErrorKind.UNAVAILABLE.code(), ""),
  OTHER(ErrorKind.INTERNAL, ErrorKind.INTERNAL.code(), "internal server error: ");

  private final ErrorKind kind;
  private final String code;
  private final String prefix;

  GitFault(ErrorKind kind, String code, String prefix) {
    this.kind = kind;
    this.code = code;
    this.prefix = prefix;
  }

  /**
   * The error a client sees.
   *
   * @param structured whether the client knows codes of git; others get the code of the status, and
   *     500 for what the remote side did
   */
  DaytonaException error(String message, boolean structured) {
    if (structured) {
      return DaytonaException.of(kind, code, prefix + message);
    }
    ErrorKind old = this == TRANSPORT_FAILED || this == REMOTE_REJECTED ? ErrorKind.INTERNAL : kind;
    return DaytonaException.of(old, prefix + message);
  }
}
