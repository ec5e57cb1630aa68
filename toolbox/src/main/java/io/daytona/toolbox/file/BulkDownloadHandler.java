package io.daytona.toolbox.file;

import io.daytona.http.Call;
import io.daytona.http.Json;
import io.daytona.http.RawReply;
import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.PathBytes;
import io.daytona.toolbox.error.ErrorBody;
import io.daytona.toolbox.error.ToolboxError;
import io.daytona.wire.error.DaytonaException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
  private static final int BUFFER = 32 * 1024;

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
          List<Asked> asked = paths.stream().map(path -> Asked.of(sandbox, path)).toList();
          List<SandboxFile> files =
              asked.stream().map(Asked::file).filter(Objects::nonNull).toList();
          // Not closed after an exception: what has not been sent is no end.
          BufferedOutputStream buffered = new BufferedOutputStream(out, BUFFER);
          try (FileContents contents = FileContents.of(sandbox.agent(), files)) {
            for (Asked part : asked) {
              part(part, contents, call.method(), buffered);
            }
          }
          write(buffered, "--" + BOUNDARY + "--\r\n");
          buffered.flush();
        });
  }

  private static void part(Asked part, FileContents contents, String method, OutputStream out)
      throws IOException {
    FileContent content;
    try {
      content = content(part, contents);
    } catch (DaytonaException e) {
      error(part.path(), method, e, out);
      return;
    }
    head(out, "file", part.path(), contentType(part.path()), content.size());
    FileCopy.all(content, out);
    write(out, "\r\n");
  }

  /** Parts need a size, which clients check. */
  private static FileContent content(Asked part, FileContents contents) {
    if (part.fault() != null) {
      throw part.fault();
    }
    try {
      FileContent content = contents.next();
      if (content.size() == FileContent.UNKNOWN) {
        throw ToolboxError.badRequest(
            PathBytes.shown(part.path()) + " does not say how large it is; download it alone");
      }
      return content;
    } catch (AgentException e) {
      throw FileFault.of(e, part.path());
    }
  }

  /**
   * A path of the request.
   *
   * @param path as the client wrote it
   * @param file the file it names; null when it names none
   * @param fault why it names none
   */
  private record Asked(String path, @Nullable SandboxFile file, @Nullable DaytonaException fault) {
    static Asked of(Running sandbox, @Nullable String path) {
      if (path == null || path.isEmpty()) {
        return new Asked("", null, FileFault.invalid("path is empty", ""));
      }
      try {
        return new Asked(path, SandboxFile.of(sandbox, path), null);
      } catch (DaytonaException e) {
        return new Asked(path, null, e);
      }
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
