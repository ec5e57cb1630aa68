package io.daytona.toolbox.file;

import io.daytona.http.Call;
import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.SandboxPaths;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.error.ToolboxError;
import io.daytona.toolbox.fsutil.FileTool;

/** Listings and descriptions (toolbox protocol §6.2). */
final class FileQueries {
  /** What the file tool takes; deeper trees cannot be made by paths. */
  private static final int MAX_DEPTH = 1_000_000;

  private final SandboxCalls calls;
  private final FileTree tree;

  FileQueries(SandboxCalls calls, FileTool tool) {
    this.calls = calls;
    this.tree = new FileTree(tool);
  }

  FileInfo[] list(Call<Void> call) throws InterruptedException {
    String asked = SandboxFile.parameter(call, "path");
    String path = asked.isEmpty() ? "." : asked;
    int depth = call.query("depth").map(FileQueries::depth).orElse(1);
    SandboxFile directory = SandboxFile.of(calls.sandbox(call), path);
    try {
      return tree.list(directory, depth).toArray(FileInfo[]::new);
    } catch (AgentException e) {
      throw FileFault.of(e, path);
    }
  }

  FileInfo info(Call<Void> call) {
    SandboxFile file = SandboxFile.required(calls, call);
    try {
      return FileInfo.of(
          SandboxPaths.baseName(file.asked()),
          SandboxPaths.clean(file.absolute()),
          file.agent().stat(file.absolute(), true));
    } catch (AgentException e) {
      throw FileFault.of(e, file.asked());
    }
  }

  private static int depth(String text) {
    if (text.matches("\\d{1,9}") && Integer.parseInt(text) >= 1) {
      return Math.min(Integer.parseInt(text), MAX_DEPTH);
    }
    throw ToolboxError.badRequest("depth must be an integer of at least 1");
  }
}
