package io.daytona.toolbox.file;

import io.daytona.http.Call;
import io.daytona.http.Json;
import io.daytona.http.RawReply;
import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.Download;
import io.daytona.toolbox.agent.PathBytes;
import io.daytona.toolbox.error.ErrorBody;
import io.daytona.toolbox.error.ToolboxError;
import io.daytona.wire.error.DaytonaException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.http.MimeTypes;
import org.jspecify.annotations.Nullable;

/**
 * {@code POST /files/bulk-download}: several files as parts of one reply, in the order asked for
 * (toolbox protocol §6.3). A file that cannot be read is a part named {@code error}; when reading
 * breaks off in the middle of a part the closing boundary is never written.
 */
final class BulkDownloadHandler {
  private static final String BOUNDARY = "DAYTONA-FILE-BOUNDARY";
  private static final String BYTES = "application/octet-stream";
  private static final String JSON = "application/json; charset=utf-8";

  private final SandboxCalls calls;

  BulkDownloadHandler(SandboxCalls calls) {
    this.calls = calls;
  }

  RawReply handle(Call<BulkDownloadRequest> call) {
    List<@Nullable String> paths = call.body().paths();
    if (paths == null || paths.isEmpty()) {
      throw DaytonaException.badRequest("request body must be {\"paths\": [ ... ]} and non-empty");
    }
    Running sandbox = calls.sandbox(call);
    return new RawReply(
        200,
        "multipart/form-data; boundary=" + BOUNDARY,
        -1,
        Map.of(),
        out -> {
          for (String path : paths) {
            part(sandbox, path == null ? "" : path, call.method(), out);
          }
          write(out, "--" + BOUNDARY + "--\r\n");
        });
  }

  private static void part(Running sandbox, String path, String method, OutputStream out)
      throws IOException {
    Download download;
    try {
      download = open(sandbox, path);
    } catch (DaytonaException e) {
      error(path, method, e, out);
      return;
    }
    try (download) {
      FileContent content;
      try {
        content = content(download, path);
      } catch (DaytonaException e) {
        error(path, method, e, out);
        return;
      }
      head(out, "file", path, contentType(path), content.size());
      FileCopy.all(content, out);
      write(out, "\r\n");
    }
  }

  private static Download open(Running sandbox, String path) {
    if (path.isEmpty()) {
      throw FileFault.invalid("path is empty", "");
    }
    try {
      return sandbox.agent().read(SandboxFile.of(sandbox, path).absolute(), 0, -1);
    } catch (AgentException e) {
      throw FileFault.of(e, path);
    }
  }

  /** Parts need a size, which clients check. */
  private static FileContent content(Download download, String path) {
    try {
      FileContent content = FileContent.of(download);
      if (content.size() == FileContent.UNKNOWN) {
        throw ToolboxError.badRequest(
            PathBytes.shown(path) + " does not say how large it is; download it alone");
      }
      return content;
    } catch (AgentException e) {
      throw FileFault.of(e, path);
    }
  }

  private static void error(String path, String method, DaytonaException e, OutputStream out)
      throws IOException {
    boolean known = e.kind().status() < 500 && !e.code().equals("BAD_REQUEST");
    int status = known ? e.kind().status() : 500;
    String code = known ? e.code() : "FILE_READ_FAILED";
    String message = known ? e.sentence() : "failed to open file: " + e.sentence();
    ErrorBody body =
        ErrorBody.now(status, message, code, PathBytes.shown(path), method, ErrorBody.DAEMON);
    byte[] json = Json.mapper().writeValueAsBytes(body);
    head(out, "error", path, JSON, json.length);
    out.write(json);
    write(out, "\r\n");
  }

  private static void head(
      OutputStream out, String name, String path, String contentType, long length)
      throws IOException {
    write(
        out,
        "--"
            + BOUNDARY
            + "\r\nContent-Disposition: form-data; name=\""
            + name
            + "\"; "
            + ContentDisposition.parameters(path)
            + "\r\nContent-Type: "
            + contentType
            + "\r\nContent-Length: "
            + length
            + "\r\n\r\n");
  }

  private static String contentType(String path) {
    String type = MimeTypes.DEFAULTS.getMimeByExtension(path);
    return type == null ? BYTES : type;
  }

  private static void write(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.ISO_8859_1));
  }
}
