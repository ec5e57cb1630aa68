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
import io.daytona.toolbox.fsutil.FileTool;
import io.daytona.toolbox.fsutil.FileToolRecords;
import io.daytona.wire.error.DaytonaException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@code GET /files/watch}: changes of a file, a directory or a tree as server-sent events, until
 * the client leaves or the path is gone (docs/toolbox.md).
 */
final class WatchHandler {
  private static final int FIELDS = 3;
  private static final Map<String, String> HEADERS =
      Map.of("Cache-Control", "no-cache", "X-Accel-Buffering", "no");

  private final SandboxCalls calls;
  private final FileTool tool;
  private final Duration heartbeat;

  WatchHandler(SandboxCalls calls, FileTool tool, Duration heartbeat) {
    this.calls = calls;
    this.tool = tool;
    this.heartbeat = heartbeat;
  }

  RawReply handle(Call<Void> call) throws InterruptedException {
    SandboxFile root = SandboxFile.required(calls, call);
    boolean recursive = call.query("recursive").filter("true"::equals).isPresent();
    FileToolRecords records =
        recursive
            ? tool.start(root.agent(), FIELDS, "watch", root.absolute(), "--recursive")
            : tool.start(root.agent(), FIELDS, "watch", root.absolute());
    boolean ready = false;
    try {
      // What cannot be watched at all is an error; a large tree is still being read then.
      List<byte[]> first = records.next(heartbeat);
      ready = true;
      FoundPaths paths = new FoundPaths(root.absolute(), root.asked());
      return new RawReply(
          200, "text/event-stream", -1, HEADERS, new Events(records, paths, heartbeat, first));
    } catch (AgentException e) {
      throw FileFault.of(e, root.asked());
    } finally {
      if (!ready) {
        records.close();
      }
    }
  }

  private static final class Events implements RawReply.Writer {
    private final FileToolRecords records;
    private final FoundPaths paths;
    private final Duration heartbeat;
    private @Nullable List<byte[]> first;

    Events(
        FileToolRecords records,
        FoundPaths paths,
        Duration heartbeat,
        @Nullable List<byte[]> first) {
      this.records = records;
      this.paths = paths;
      this.heartbeat = heartbeat;
      this.first = first;
    }

    @Override
    public void write(OutputStream out) throws IOException, InterruptedException {
      try (records) {
        List<byte[]> record = first;
        first = null;
        while (record != null || !records.ended()) {
          out.write(record == null ? comment() : event(record));
          record = records.next(Duration.ZERO);
          if (record == null && !records.ended()) {
            // A burst goes out together, and at once when it is over.
            out.flush();
            record = records.next(heartbeat);
          }
        }
      } catch (AgentException e) {
        out.write(failure(AgentErrors.text(e)));
      } catch (DaytonaException e) {
        out.write(failure(e.sentence()));
      }
    }

    @Override
    public boolean isEndless() {
      return true;
    }

    @Override
    public void discard() {
      records.close();
    }

    private byte[] event(List<byte[]> record) throws JsonProcessingException {
      String type = new String(record.get(0), StandardCharsets.UTF_8);
      String detail = new String(record.get(2), StandardCharsets.UTF_8);
      Map<String, Object> data = new LinkedHashMap<>();
      data.put("type", type);
      data.put("path", PathBytes.shown(paths.absolute(record.get(1))));
      if (type.equals("error")) {
        data.put("message", text(detail));
      } else if (!detail.isEmpty()) {
        data.put("isDir", detail.equals("d"));
      }
      return bytes(type, data);
    }

    private static byte[] failure(String message) throws JsonProcessingException {
      return bytes("error", Map.of("type", "error", "message", message));
    }

    private static byte[] bytes(String type, Map<String, ?> data) throws JsonProcessingException {
      // The tool's words are data of the sandbox; a line break would forge events.
      String name = type.matches("[a-z]{1,16}") ? type : "message";
      String json = Json.mapper().writeValueAsString(data);
      return ("event: " + name + "\ndata: " + json + "\n\n").getBytes(StandardCharsets.UTF_8);
    }

    private static byte[] comment() {
      return ": heartbeat\n\n".getBytes(StandardCharsets.UTF_8);
    }

    private static String text(String errno) {
      return errno.matches("\\d{1,4}")
          ? Errno.text(Integer.parseInt(errno)).orElse("error " + errno)
          : errno;
    }
  }
}
