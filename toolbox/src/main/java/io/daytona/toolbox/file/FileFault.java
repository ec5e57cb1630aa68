package io.daytona.toolbox.file;

import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.agent.PathBytes;
import io.daytona.toolbox.error.AgentErrors;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;

/** Maps what the sandbox's kernel said of a file to what a client sees (toolbox protocol §6.1). */
final class FileFault {
  private FileFault() {}

  /** The error for a path as the client wrote it. */
  static DaytonaException of(AgentException e, String path) {
    if (AgentErrors.isUnavailable(e)) {
      return AgentErrors.of(e);
    }
    return switch (e.errno()) {
      case Errno.ENOENT -> fault(ErrorKind.NOT_FOUND, "FILE_NOT_FOUND", "file not found", path, e);
      case Errno.EACCES, Errno.EPERM, Errno.EROFS ->
          fault(ErrorKind.FORBIDDEN, "FILE_ACCESS_DENIED", words(e), path, e);
      case Errno.EISDIR -> isDirectory(path);
      case Errno.EINVAL, Errno.ENOTDIR, Errno.ENAMETOOLONG, Errno.ELOOP ->
          invalid(AgentErrors.text(e), path);
      default -> fault(ErrorKind.BAD_REQUEST, "BAD_REQUEST", "bad request", detail(path, e), e);
    };
  }

  /** 400 for a path that names a directory where a file is needed. */
  static DaytonaException isDirectory(String path) {
    return invalid("path points to a directory", path);
  }

  /** 400 for a path that cannot be what was asked for. */
  static DaytonaException invalid(String what, String path) {
    return DaytonaException.of(
        ErrorKind.BAD_REQUEST,
        "INVALID_FILE_PATH",
        "invalid file path: " + what + (path.isEmpty() ? "" : ": " + PathBytes.shown(path)));
  }

  private static DaytonaException fault(
      ErrorKind kind, String code, String what, String subject, AgentException cause) {
    return new DaytonaException(kind, code, what + ": " + PathBytes.shown(subject), null, cause);
  }

  private static String words(AgentException e) {
    return e.errno() == Errno.EROFS ? AgentErrors.text(e) : "permission denied";
  }

  private static String detail(String path, AgentException e) {
    return path + ": " + AgentErrors.text(e) + AgentErrors.remedy(e);
  }
}
