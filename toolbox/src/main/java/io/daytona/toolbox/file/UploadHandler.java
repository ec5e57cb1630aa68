package io.daytona.toolbox.file;

import io.daytona.http.Call;
import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.SandboxPaths;
import io.daytona.toolbox.agent.PathBytes;
import io.daytona.toolbox.error.ToolboxError;
import io.daytona.wire.error.DaytonaException;
import java.io.IOException;
import java.io.InputStream;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * {@code POST /files/upload} and {@code /files/upload-v2}: one file, as the form field {@code file}
 * or as the raw body (toolbox protocol §6.4).
 */
final class UploadHandler {
  private static final String FIELD = "file";
  private static final int BUFFER = 128 * 1024;

  private final SandboxCalls calls;

  UploadHandler(SandboxCalls calls) {
    this.calls = calls;
  }

  /** The old route, which answers nothing. */
  @Nullable Void handleOld(Call<InputStream> call) throws IOException {
    handle(call);
    return null;
  }

  UploadedFile handle(Call<InputStream> call) throws IOException {
    InputStream body = call.body();
    SandboxFile file;
    try {
      file = SandboxFile.required(calls, call);
    } catch (DaytonaException e) {
      drain(body);
      throw e;
    }
    Optional<String> contentType = call.header("Content-Type");
    Optional<String> boundary = MultipartBody.boundary(contentType);
    if (boundary.isPresent()) {
      form(body, boundary.get(), file);
    } else if (MultipartBody.isForm(contentType)) {
      drain(body);
      throw ToolboxError.badRequest("invalid multipart form: it names no boundary");
    } else {
      raw(body, file);
    }
    String name = SandboxPaths.baseName(file.absolute());
    return new UploadedFile(PathBytes.shown(name), PathBytes.shown(file.asked()), "file");
  }

  private static void raw(InputStream body, SandboxFile file) throws IOException {
    try (FileSink sink = new FileSink(file)) {
      byte[] buffer = new byte[BUFFER];
      int count;
      do {
        // Whole buffers: each piece that is passed on costs two threads a turn.
        count = body.readNBytes(buffer, 0, BUFFER);
        sink.write(buffer, 0, count);
      } while (count == BUFFER);
      sink.finish();
    }
  }

  private static void form(InputStream body, String boundary, SandboxFile file) throws IOException {
    try (Field field = new Field(file)) {
      MultipartBody.read(body, boundary, field);
      field.finish();
    }
  }

  /** Clients read a refusal only after they have sent everything. */
  static void drain(InputStream body) throws IOException {
    byte[] buffer = new byte[BUFFER];
    while (body.read(buffer) >= 0) {
      // thrown away
    }
  }

  private static final class Field implements MultipartBody.Parts, AutoCloseable {
    private final SandboxFile file;
    private @Nullable FileSink sink;
    private boolean inside;

    Field(SandboxFile file) {
      this.file = file;
    }

    @Override
    public void begin(String name) {
      inside = sink == null && name.equals(FIELD);
      if (inside) {
        sink = new FileSink(file);
      }
    }

    @Override
    public void content(byte[] bytes, int offset, int length) {
      if (inside && sink != null) {
        sink.write(bytes, offset, length);
      }
    }

    @Override
    public void end() {
      inside = false;
    }

    /** Only a form that is complete makes its file visible. */
    void finish() {
      if (sink == null) {
        throw ToolboxError.badRequest("the form has no field named \"" + FIELD + "\"");
      }
      sink.finish();
    }

    @Override
    public void close() {
      if (sink != null) {
        sink.close();
      }
    }
  }
}
