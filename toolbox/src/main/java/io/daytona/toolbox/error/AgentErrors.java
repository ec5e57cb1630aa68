package io.daytona.toolbox.error;

import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.Errno;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.time.Duration;

/** Maps what an agent refused to what a client sees. */
public final class AgentErrors {
  /** What to do when there is no room for a file. */
  public static final String FREE_DISK =
      "the sandbox's disk has no room for more bytes or files: remove some, or give it a larger disk";

  /** What to do when no process can be started. */
  public static final String FREE_PROCESSES =
      "the sandbox may have no more processes: end some, then try again";

  /** What to do when a sandbox was started before the platform could do what is asked. */
  public static final String RESTART =
      "it runs since an earlier version of the platform, with that version's agent; restart the"
          + " sandbox (stop and start) to get the newer agent";

  private static final Duration SOON = Duration.ofSeconds(1);

  private AgentErrors() {}

  /** The error for a request that names no file. */
  public static DaytonaException of(AgentException e) {
    if (e.code().equals(AgentException.LOST)) {
      return new DaytonaException(
          ErrorKind.BAD_GATEWAY,
          ErrorKind.BAD_GATEWAY.code(),
          "The sandbox went away while the request ran; check its state and try again.",
          SOON,
          e);
    }
    if (e.errno() == Errno.EAGAIN && e.code().equals("fork")) {
      return new DaytonaException(
          ErrorKind.UNAVAILABLE,
          ErrorKind.UNAVAILABLE.code(),
          "No process could be started (" + text(e) + "): " + FREE_PROCESSES + ".",
          SOON,
          e);
    }
    if (isOlder(e)) {
      return DaytonaException.of(
          ErrorKind.CONFLICT, "This sandbox cannot do that: " + RESTART + ".", e);
    }
    return switch (e.errno()) {
      case Errno.EAGAIN, Errno.EMFILE, Errno.ENFILE, Errno.ENOMEM ->
          new DaytonaException(
              ErrorKind.UNAVAILABLE,
              ErrorKind.UNAVAILABLE.code(),
              "The sandbox has too much in flight (" + text(e) + "); try again shortly.",
              SOON,
              e);
      case Errno.ETIMEDOUT ->
          DaytonaException.of(
              ErrorKind.GATEWAY_TIMEOUT,
              "The sandbox did not answer in time. Perhaps its programs leave it no time or memory:"
                  + " end some, or stop it by force and start it again.",
              e);
      case Errno.EINTR ->
          DaytonaException.unavailable("The server is stopping.", Duration.ofSeconds(2));
      default ->
          DaytonaException.of(ErrorKind.BAD_REQUEST, "bad request: " + text(e) + remedy(e), e);
    };
  }

  /** An agent that does not know a verb: of an earlier version of the platform. */
  private static boolean isOlder(AgentException e) {
    return e.errno() == Errno.ENOSYS && e.code().equals("verb");
  }

  /** Whether the fault lies with the connection or the load, not with what was asked for. */
  public static boolean isUnavailable(AgentException e) {
    return of(e).kind() != ErrorKind.BAD_REQUEST;
  }

  /** The system's words for the error; data of the sandbox where it has none. */
  public static String text(AgentException e) {
    return Errno.text(e.errno()).orElseGet(() -> String.valueOf(e.getMessage()));
  }

  /** What to do about it, behind {@link #text}; empty where the words say it. */
  public static String remedy(AgentException e) {
    return e.errno() == Errno.ENOSPC || e.errno() == Errno.EDQUOT ? "; " + FREE_DISK : "";
  }
}
