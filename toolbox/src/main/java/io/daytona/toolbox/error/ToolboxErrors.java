package io.daytona.toolbox.error;

import io.daytona.http.ErrorRenderer;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.util.EnumSet;
import java.util.Set;
import java.util.regex.Pattern;

/** Gives errors the shape of the Toolbox API (toolbox protocol §11). */
public final class ToolboxErrors implements ErrorRenderer {
  private static final Pattern PREFIX =
      Pattern.compile("^(/toolbox/[^/]+|/api/toolbox/[^/]+/toolbox)(?=/|$)");
  private static final String EXECUTE = "/process/execute";

  /** What the toolbox never answers itself: the gate and the way to the sandbox do. */
  private static final Set<ErrorKind> BEFORE_THE_TOOLBOX =
      EnumSet.of(
          ErrorKind.UNAUTHORIZED,
          ErrorKind.TOO_MANY_REQUESTS,
          ErrorKind.BAD_GATEWAY,
          ErrorKind.UNAVAILABLE);

  @Override
  public ErrorBody render(DaytonaException error, String method, String uri) {
    String path = path(uri);
    String code = error.code();
    String message = error.sentence();
    if (code.equals(MALFORMED_JSON)
        || (code.equals(WRONG_BODY) && !message.startsWith(ToolboxError.INVALID_BODY))) {
      // The oldest endpoint has words of its own for this (toolbox protocol §2.1).
      boolean execute = path.equals(EXECUTE);
      code = execute ? ErrorKind.BAD_REQUEST.code() : WRONG_BODY;
      message = (execute ? ToolboxError.EXECUTE_BODY : ToolboxError.INVALID_BODY) + message;
    }
    return ErrorBody.now(
        error.kind().status(),
        message,
        code,
        path,
        method,
        beforeTheToolbox(error) ? ErrorBody.PROXY : ErrorBody.DAEMON);
  }

  /** What the toolbox raises with such a status has a code of its own. */
  private static boolean beforeTheToolbox(DaytonaException error) {
    return BEFORE_THE_TOOLBOX.contains(error.kind()) && error.code().equals(error.kind().code());
  }

  @Override
  public ErrorBody renderMalformedJson(DaytonaException error, String method, String uri) {
    return render(error, method, uri);
  }

  /** The path inside the toolbox; queries may carry credentials and stay out. */
  public static String path(String uri) {
    int query = uri.indexOf('?');
    String path = PREFIX.matcher(query < 0 ? uri : uri.substring(0, query)).replaceFirst("");
    return path.isEmpty() ? "/" : path;
  }
}
