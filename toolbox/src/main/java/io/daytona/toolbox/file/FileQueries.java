package io.daytona.toolbox.file;

import com.fasterxml.jackson.core.JsonGenerator;
import io.daytona.http.Call;
import io.daytona.http.Json;
import io.daytona.http.RawReply;
import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.SandboxPaths;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.error.ToolboxError;
import io.daytona.toolbox.fsutil.FileTool;
import io.daytona.wire.access.SandboxGate.ToolboxTarget;
import io.daytona.wire.admission.Bulkhead;
import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;

/** Listings and descriptions (toolbox protocol §6.2). */
final class FileQueries {
  /** What the file tool takes; deeper trees cannot be made by paths. */
  private static final int MAX_DEPTH = 1_000_000;

  private static final String JSON = "application/json; charset=utf-8";

  private final SandboxCalls calls;
  private final FileTree tree;
  private final Bulkhead listings;

  FileQueries(SandboxCalls calls, FileTool tool, Bulkhead listings) {
    this.listings = listings;
    this.calls = calls;
    this.tree = new FileTree(tool);
  }

  RawReply list(Call<Void> call) throws InterruptedException {
    String asked = SandboxFile.parameter(call, "path");
    String path = asked.isEmpty() ? "." : asked;
    int depth = call.query("depth").map(FileQueries::depth).orElse(1);
    SandboxFile directory = SandboxFile.of(calls.sandbox(call), path);
    ListingRoom room =
        new ListingRoom(
            listings, call.principal(ToolboxTarget.class).organizationId(), call::whenClientLeaves);
    boolean ready = false;
    try {
      List<FileInfo> entries = tree.list(directory, depth, room);
      ready = true;
      return new RawReply(200, JSON, -1, Map.of(), new Listing(entries, room));
    } catch (AgentException e) {
      throw FileFault.of(e, path);
    } finally {
      if (!ready) {
        room.close();
      }
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

  /** Writes the entries one by one, without another copy of all of them. */
  private record Listing(List<FileInfo> entries, ListingRoom room) implements RawReply.Writer {
    @Override
    public void write(OutputStream out) throws IOException {
      try (room;
          JsonGenerator json = Json.mapper().createGenerator(out)) {
        json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
        json.disable(JsonGenerator.Feature.AUTO_CLOSE_JSON_CONTENT);
        // A reply that fits the server's buffer then gets a length instead of chunks.
        json.disable(JsonGenerator.Feature.FLUSH_PASSED_TO_STREAM);
        json.writeStartArray();
        for (FileInfo entry : entries) {
          json.writePOJO(entry);
        }
        json.writeEndArray();
      }
    }

    @Override
    public void discard() {
      room.close();
    }
  }

  private static int depth(String text) {
    if (text.matches("\\d{1,9}") && Integer.parseInt(text) >= 1) {
      return Math.min(Integer.parseInt(text), MAX_DEPTH);
    }
    throw ToolboxError.badRequest("depth must be an integer of at least 1");
  }
}
