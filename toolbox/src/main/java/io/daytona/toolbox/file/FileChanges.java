package io.daytona.toolbox.file;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.daytona.http.Call;
import io.daytona.http.Json;
import io.daytona.http.RawReply;
import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.agent.PathBytes;
import io.daytona.toolbox.error.AgentErrors;
import io.daytona.toolbox.error.ToolboxError;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.util.Map;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/** Folders, deletion, moves and permissions (toolbox protocol §6.2). */
final class FileChanges {
  private static final int DEFAULT_FOLDER_MODE = 0755;
  private static final int PERMISSION_BITS = 0777;
  private static final String JSON = "application/json; charset=utf-8";

  private final SandboxCalls calls;

  FileChanges(SandboxCalls calls) {
    this.calls = calls;
  }

  @Nullable Void makeFolder(Call<Void> call) {
    int mode = mode(call).orElse(DEFAULT_FOLDER_MODE);
    SandboxFile folder = SandboxFile.required(calls, call);
    try {
      folder.agent().mkdir(folder.absolute(), mode, true);
      return null;
    } catch (AgentException e) {
      throw FileFault.of(e, folder.asked());
    }
  }

  @Nullable Void delete(Call<Void> call) {
    SandboxFile file = SandboxFile.required(calls, call);
    boolean recursive = call.query("recursive").filter("true"::equals).isPresent();
    try {
      if (file.agent().stat(file.absolute(), false).isDirectory() && !recursive) {
        throw ToolboxError.badRequest(
            "cannot delete the directory "
                + PathBytes.shown(file.asked())
                + " without recursive=true");
      }
      file.agent().remove(file.absolute(), recursive);
      return null;
    } catch (AgentException e) {
      throw FileFault.of(e, file.asked());
    }
  }

  RawReply move(Call<Void> call) {
    SandboxFile source = SandboxFile.required(calls, call, "source");
    SandboxFile destination = SandboxFile.required(calls, call, "destination");
    try {
      source.agent().rename(source.absolute(), destination.absolute(), true);
      return new RawReply(200, JSON, 0, Map.of(), out -> {});
    } catch (AgentException e) {
      if (e.code().equals(NOT_REMOVED)) {
        return copiedOnly(source, e);
      }
      throw moveFault(e, source, destination);
    }
  }

  @Nullable Void setPermissions(Call<Void> call) {
    OptionalInt mode = mode(call);
    String owner = call.query("owner").orElse("");
    String group = call.query("group").orElse("");
    SandboxFile file = SandboxFile.required(calls, call);
    try {
      file.agent().chmod(file.absolute(), mode.orElse(-1), owner, group);
      return null;
    } catch (AgentException e) {
      if (e.code().equals("user") || e.code().equals("group")) {
        throw DaytonaException.badRequest(e.code() + " not found");
      }
      throw FileFault.of(e, file.asked());
    }
  }

  /** The code of an agent that moved across devices, but could not delete what it copied. */
  private static final String NOT_REMOVED = "remove";

  private static RawReply copiedOnly(SandboxFile source, AgentException e) {
    Map<String, String> body =
        Map.of(
            "message",
            "file copied to the destination, but the source could not be deleted",
            "error",
            PathBytes.shown(source.asked()) + ": " + AgentErrors.text(e));
    byte[] json = json(body);
    return new RawReply(200, JSON, json.length, Map.of(), out -> out.write(json));
  }

  private static byte[] json(Map<String, String> body) {
    try {
      return Json.mapper().writeValueAsBytes(body);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static DaytonaException moveFault(
      AgentException e, SandboxFile source, SandboxFile destination) {
    return switch (e.errno()) {
      case Errno.EEXIST, Errno.ENOTEMPTY ->
          DaytonaException.of(
              ErrorKind.CONFLICT,
              "conflict: the destination exists already: " + PathBytes.shown(destination.asked()));
      case Errno.ENOENT -> FileFault.of(e, isThere(source) ? destination.asked() : source.asked());
      default -> FileFault.of(e, source.asked());
    };
  }

  private static boolean isThere(SandboxFile file) {
    try {
      file.agent().stat(file.absolute(), false);
      return true;
    } catch (AgentException e) {
      if (e.errno() == Errno.ENOENT) {
        return false;
      }
      throw FileFault.of(e, file.asked());
    }
  }

  private static OptionalInt mode(Call<?> call) {
    String text = call.query("mode").orElse("");
    if (text.isEmpty()) {
      return OptionalInt.empty();
    }
    if (!text.matches("[0-7]{1,10}")) {
      throw DaytonaException.badRequest("invalid mode format");
    }
    return OptionalInt.of((int) (Long.parseLong(text, 8) & PERMISSION_BITS));
  }
}
