package io.daytona.toolbox.file;

import io.daytona.http.Call;
import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.SandboxPaths;
import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.error.ToolboxError;

/**
 * A file of a sandbox that a call names.
 *
 * @param sandbox the sandbox
 * @param asked path as the client wrote it, every byte of it ({@link
 *     io.daytona.toolbox.agent.PathBytes})
 * @param absolute path inside the sandbox
 */
record SandboxFile(Running sandbox, String asked, String absolute) {

  /** The file a path names. */
  static SandboxFile of(Running sandbox, String path) {
    if (path.indexOf('\0') >= 0) {
      throw FileFault.invalid("a path holds no NUL", "");
    }
    return new SandboxFile(sandbox, path, SandboxPaths.absolute(sandbox, path));
  }

  /** The file of the query parameter {@code path}, which must be there. */
  static SandboxFile required(SandboxCalls calls, Call<?> call) {
    return required(calls, call, "path");
  }

  /** The file of a query parameter, which must be there. */
  static SandboxFile required(SandboxCalls calls, Call<?> call, String name) {
    String path = parameter(call, name);
    if (path.isEmpty()) {
      throw ToolboxError.badRequest(name + " is required");
    }
    return of(calls.sandbox(call), path);
  }

  /** A query parameter with every byte of it, or an empty string. */
  static String parameter(Call<?> call, String name) {
    String text = call.query(name).orElse("");
    return text.indexOf('\ufffd') < 0 ? text : RawQuery.value(call.uri(), name).orElse(text);
  }

  Agent agent() {
    return sandbox.agent();
  }
}
