package io.daytona.toolbox.file;

import io.daytona.http.Call;
import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.Download;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.agent.FileStat;
import io.daytona.toolbox.agent.PathBytes;
import io.daytona.toolbox.agent.Upload;
import io.daytona.toolbox.error.AgentErrors;
import io.daytona.toolbox.error.ToolboxError;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code POST /files/replace}: replaces a literal text in files (toolbox protocol §6.2), which are
 * streamed through. A file without the text is left alone; a changed one is put in place as a
 * whole, with its mode and owner.
 */
final class ReplaceHandler {
  private static final int BUFFER = 256 * 1024;
  private static final int OWNER_WRITES = 0200;
  private static final int OTHERS_WRITE = 0022;

  private final SandboxCalls calls;

  ReplaceHandler(SandboxCalls calls) {
    this.calls = calls;
  }

  ReplaceResult[] handle(Call<ReplaceRequest> call) {
    ReplaceRequest request = call.body();
    List<@Nullable String> files = request.files();
    String pattern = request.pattern();
    String newValue = request.newValue();
    if (files == null || pattern == null || pattern.isEmpty() || newValue == null) {
      throw ToolboxError.invalidBody(
          "files, pattern and newValue are required, and pattern must not be empty");
    }
    Running sandbox = calls.sandbox(call);
    Replacement replacement =
        new Replacement(PathBytes.encode(pattern), PathBytes.encode(newValue));
    List<ReplaceResult> results = new ArrayList<>(files.size());
    for (String file : files) {
      results.add(one(sandbox, file == null ? "" : file, replacement));
    }
    return results.toArray(ReplaceResult[]::new);
  }

  private record Replacement(byte[] pattern, byte[] newValue) {}

  private static ReplaceResult one(Running sandbox, String path, Replacement replacement) {
    String shown = PathBytes.shown(path);
    try {
      if (path.isEmpty()) {
        throw FileFault.invalid("path is empty", "");
      }
      replace(SandboxFile.of(sandbox, path), replacement);
      return new ReplaceResult(shown, true, null);
    } catch (AgentException e) {
      if (AgentErrors.isUnavailable(e)) {
        throw AgentErrors.of(e);
      }
      return new ReplaceResult(
          shown, false, shown + ": " + AgentErrors.text(e) + AgentErrors.remedy(e));
    } catch (DaytonaException e) {
      if (e.kind().status() >= 500) {
        throw e;
      }
      return new ReplaceResult(shown, false, e.sentence());
    }
  }

  private static void replace(SandboxFile file, Replacement replacement) {
    Agent agent = file.agent();
    if (!holds(file, replacement)) {
      return;
    }
    FileStat old;
    try (Download download = agent.read(file.absolute(), 0, -1)) {
      old = download.stat();
      requireWritable(old, file.sandbox().user());
      try (Upload upload = agent.write(file.absolute(), old.mode(), false)) {
        copy(download, upload, replacement);
        upload.commit();
      }
    }
    FileStat fresh = agent.stat(file.absolute(), true);
    if (fresh.uid() != old.uid() || fresh.gid() != old.gid()) {
      restoreOwner(file, old);
    }
  }

  private static boolean holds(SandboxFile file, Replacement replacement) {
    try (Download download = file.agent().read(file.absolute(), 0, -1)) {
      LiteralReplacer search =
          new LiteralReplacer(replacement.pattern(), new byte[0], (bytes, offset, length) -> {});
      byte[] buffer = new byte[BUFFER];
      for (int n = read(download, buffer); n >= 0; n = read(download, buffer)) {
        search.write(buffer, 0, n);
        if (search.count() > 0) {
          return true;
        }
      }
      return false;
    }
  }

  private static void copy(Download from, Upload to, Replacement replacement) {
    LiteralReplacer replacer =
        new LiteralReplacer(replacement.pattern(), replacement.newValue(), to::write);
    byte[] buffer = new byte[BUFFER];
    for (int n = read(from, buffer); n >= 0; n = read(from, buffer)) {
      replacer.write(buffer, 0, n);
    }
    replacer.finish();
  }

  private static int read(Download download, byte[] buffer) {
    try {
      return download.bytes().read(buffer);
    } catch (IOException e) {
      if (e.getCause() instanceof AgentException agent) {
        throw agent;
      }
      throw DaytonaException.of(
          ErrorKind.BAD_GATEWAY, "The sandbox went away while the file was read.", e);
    }
  }

  /**
   * A whole new file is put in place, so the permission of the old one has to be asked for: the
   * kernel asks only for that of the directory.
   */
  private static void requireWritable(FileStat file, String user) {
    boolean writable =
        user.equals("root")
            || (file.mode() & (file.owner().equals(user) ? OWNER_WRITES : OTHERS_WRITE)) != 0;
    if (!writable) {
      throw new AgentException(Errno.EACCES, "open", "permission denied");
    }
  }

  /** Only root may; a file that others wrote belongs to the sandbox's user from now on. */
  private static void restoreOwner(SandboxFile file, FileStat old) {
    try {
      file.agent()
          .chmod(file.absolute(), old.mode(), Long.toString(old.uid()), Long.toString(old.gid()));
    } catch (AgentException e) {
      if (e.errno() != Errno.EPERM) {
        throw e;
      }
    }
  }
}
