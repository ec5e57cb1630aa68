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
 * @param asked path as the client wrote it
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
    String path =
        call.query("path")
            .filter(text -> !text.isEmpty())
            .orElseThrow(() -> ToolboxError.badRequest("path is required"));
    return of(calls.sandbox(call), path);
  }

  Agent agent() {
    return sandbox.agent();
  }
}
