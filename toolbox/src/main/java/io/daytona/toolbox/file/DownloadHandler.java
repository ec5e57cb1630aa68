package io.daytona.toolbox.file;

import io.daytona.http.Call;
import io.daytona.http.Json;
import io.daytona.http.RawReply;
import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.SandboxPaths;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.Download;
import io.daytona.toolbox.agent.FileStat;
import io.daytona.toolbox.error.ErrorBody;
import java.io.IOException;
import java.io.OutputStream;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;

/** {@code GET /files/download}: one file, whole or in part (toolbox protocol §6.3). */
final class DownloadHandler {
  private static final String BYTES = "application/octet-stream";
  private static final String JSON = "application/json; charset=utf-8";
  private static final RawReply.Writer NOTHING = out -> {};

  private final SandboxCalls calls;

  DownloadHandler(SandboxCalls calls) {
    this.calls = calls;
  }

  RawReply handle(Call<Void> call) {
    SandboxFile file = SandboxFile.required(calls, call);
    try {
      return call.header("Range").isEmpty() ? whole(call, file) : part(call, file);
    } catch (AgentException e) {
      throw FileFault.of(e, file.asked());
    }
  }

  private static RawReply whole(Call<Void> call, SandboxFile file) {
    Download download = file.agent().read(file.absolute(), 0, -1);
    FileStat stat = download.stat();
    Map<String, String> headers = headers(file, stat);
    return switch (Preconditions.evaluate(call, FileInfo.modified(stat))) {
      case PROCEED -> {
        FileContent content = content(download);
        yield new RawReply(200, BYTES, content.size(), headers, new Body(download, content));
      }
      case NOT_MODIFIED -> {
        download.close();
        yield new RawReply(304, BYTES, -1, headers, NOTHING);
      }
      case FAILED -> {
        download.close();
        yield refusal(call, 412, "PRECONDITION_FAILED", "the file has changed", headers);
      }
    };
  }

  private static RawReply part(Call<Void> call, SandboxFile file) {
    FileStat stat = file.agent().stat(file.absolute(), true);
    if (stat.isDirectory()) {
      throw FileFault.isDirectory(file.asked());
    }
    Instant modified = FileInfo.modified(stat);
    if (Preconditions.evaluate(call, modified) != Preconditions.Outcome.PROCEED
        || !Preconditions.rangeHolds(call, modified)) {
      return whole(call, file);
    }
    Map<String, String> headers = headers(file, stat);
    return switch (ByteRange.of(call.header("Range"), stat.size())) {
      case ByteRange.Wanted.Whole _ -> whole(call, file);
      case ByteRange.Wanted.Unsatisfiable _ -> {
        headers.put("Content-Range", "bytes */" + stat.size());
        yield refusal(call, 416, "RANGE_NOT_SATISFIABLE", "the file has no such bytes", headers);
      }
      case ByteRange.Wanted.Part(ByteRange range) -> {
        headers.put("Content-Range", range.contentRange(stat.size()));
        Download download = file.agent().read(file.absolute(), range.first(), range.length());
        FileContent content = new FileContent(download.bytes(), range.length());
        yield new RawReply(206, BYTES, range.length(), headers, new Body(download, content));
      }
    };
  }

  private static RawReply refusal(
      Call<Void> call, int status, String code, String message, Map<String, String> headers) {
    headers.remove("Content-Disposition");
    ErrorBody body =
        ErrorBody.now(status, message, code, "/files/download", call.method(), ErrorBody.DAEMON);
    return new RawReply(
        status, JSON, -1, headers, out -> out.write(Json.mapper().writeValueAsBytes(body)));
  }

  private static Map<String, String> headers(SandboxFile file, FileStat stat) {
    Map<String, String> headers = new LinkedHashMap<>();
    String name = SandboxPaths.baseName(file.absolute());
    headers.put("Content-Disposition", "attachment; " + ContentDisposition.parameters(name));
    headers.put("Last-Modified", Preconditions.httpDate(FileInfo.modified(stat)));
    headers.put("Accept-Ranges", "bytes");
    return headers;
  }

  private static FileContent content(Download download) {
    boolean readable = false;
    try {
      FileContent content = FileContent.of(download);
      readable = true;
      return content;
    } finally {
      if (!readable) {
        download.close();
      }
    }
  }

  private record Body(Download download, FileContent content) implements RawReply.Writer {
    @Override
    public void write(OutputStream out) throws IOException {
      try (download) {
        FileCopy.all(content, out);
      }
    }

    @Override
    public void discard() {
      download.close();
    }
  }
}
