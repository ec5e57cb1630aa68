package io.daytona.toolbox.file;

import io.daytona.http.Call;
import io.daytona.http.RawReply;
import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.Errno;
import io.daytona.toolbox.error.ToolboxError;
import io.daytona.toolbox.fsutil.FileTool;
import io.daytona.toolbox.fsutil.FileToolRecords;
import java.nio.charset.StandardCharsets;

/**
 * {@code GET /files/find}, lines that hold a text, and {@code GET /files/search}, names that match
 * a glob (toolbox protocol §6.2).
 */
final class SearchHandler {
  private static final int FIND_FIELDS = 3;
  private static final String FILES = "files";

  private final SandboxCalls calls;
  private final FileTool tool;

  SearchHandler(SandboxCalls calls, FileTool tool) {
    this.calls = calls;
    this.tool = tool;
  }

  RawReply find(Call<Void> call) throws InterruptedException {
    SandboxFile root = SandboxFile.required(calls, call);
    String text = pattern(call);
    FoundPaths paths = new FoundPaths(root.absolute(), root.asked());
    try {
      return RecordsReply.of(
          tool.start(root.agent(), FIND_FIELDS, "find", root.absolute(), text),
          "",
          (json, record) -> {
            json.writeStartObject();
            json.writeStringField("file", paths.asAsked(record.get(0)));
            json.writeNumberField("line", number(record.get(1)));
            json.writeStringField("content", new String(record.get(2), StandardCharsets.UTF_8));
            json.writeEndObject();
          });
    } catch (AgentException e) {
      return noneIfAbsent(e, root, "");
    }
  }

  RawReply search(Call<Void> call) throws InterruptedException {
    SandboxFile root = SandboxFile.required(calls, call);
    String glob = pattern(call);
    FoundPaths paths = new FoundPaths(root.absolute(), root.asked());
    try {
      return RecordsReply.of(
          tool.start(root.agent(), 1, "search", root.absolute(), glob),
          FILES,
          (json, record) -> json.writeString(paths.asAsked(record.getFirst())));
    } catch (FileToolRecords.InvalidPattern _) {
      return RecordsReply.none(FILES);
    } catch (AgentException e) {
      return noneIfAbsent(e, root, FILES);
    }
  }

  private static RawReply noneIfAbsent(AgentException e, SandboxFile root, String key) {
    if (e.errno() == Errno.ENOENT) {
      return RecordsReply.none(key);
    }
    throw FileFault.of(e, root.asked());
  }

  private static String pattern(Call<?> call) {
    String pattern = SandboxFile.parameter(call, "pattern");
    if (pattern.isEmpty()) {
      throw ToolboxError.badRequest("pattern is required");
    }
    if (pattern.indexOf('\0') >= 0) {
      throw ToolboxError.badRequest("a pattern holds no NUL");
    }
    return pattern;
  }

  private static long number(byte[] digits) {
    String text = new String(digits, StandardCharsets.US_ASCII);
    return text.matches("\\d{1,18}") ? Long.parseLong(text) : 0;
  }
}
