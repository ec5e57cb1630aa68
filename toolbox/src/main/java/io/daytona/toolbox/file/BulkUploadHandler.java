package io.daytona.toolbox.file;

import io.daytona.http.Call;
import io.daytona.http.Json;
import io.daytona.http.RawReply;
import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.agent.PathBytes;
import io.daytona.toolbox.error.ErrorBody;
import io.daytona.toolbox.file.UploadBatch.Outcome;
import io.daytona.toolbox.file.UploadBatch.Outcome.Failed;
import io.daytona.toolbox.file.UploadBatch.Outcome.Written;
import io.daytona.wire.error.DaytonaException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * {@code POST /files/bulk-upload}: parts {@code files[i].path}, each followed later by its {@code
 * files[i].file} (toolbox protocol §6.4). A file that fails does not stop the others.
 */
final class BulkUploadHandler {
  private static final String PATH = "/files/bulk-upload";
  private static final String JSON = "application/json; charset=utf-8";
  private static final int MAX_ERRORS = 1_000;
  private static final Pattern PART = Pattern.compile("files\\[(\\d{1,9})]\\.(path|file)");

  private final SandboxCalls calls;

  BulkUploadHandler(SandboxCalls calls) {
    this.calls = calls;
  }

  RawReply handle(Call<InputStream> call) throws IOException {
    Running sandbox;
    try {
      sandbox = calls.sandbox(call);
    } catch (DaytonaException e) {
      UploadHandler.drain(call.body());
      throw e;
    }
    Optional<String> boundary = MultipartBody.boundary(call.header("Content-Type"));
    if (boundary.isEmpty()) {
      UploadHandler.drain(call.body());
      return reply(call, List.of(new Failed("invalid multipart form")));
    }
    try (Batch batch = new Batch(sandbox)) {
      try {
        MultipartBody.read(call.body(), boundary.get(), batch);
      } catch (DaytonaException malformed) {
        batch.uploads.failed(malformed.sentence());
      }
      return reply(call, batch.uploads.outcomes());
    }
  }

  private static RawReply reply(Call<?> call, List<Outcome> outcomes) {
    List<String> errors = new ArrayList<>();
    List<Written> written = new ArrayList<>();
    for (Outcome outcome : outcomes) {
      switch (outcome) {
        case Written file -> written.add(file);
        case Failed part -> {
          if (errors.size() < MAX_ERRORS) {
            errors.add(part.error());
          }
        }
      }
    }
    Map<String, Object> body = new LinkedHashMap<>();
    if (!errors.isEmpty()) {
      body.put("statusCode", 400);
      body.put("message", "bad request: " + String.join("; ", errors));
      body.put("code", "BAD_REQUEST");
      body.put("timestamp", Instant.now().toString());
      body.put("path", PATH);
      body.put("method", call.method());
      body.put("source", ErrorBody.DAEMON);
      body.put("errors", errors);
    }
    body.put("files", written);
    return new RawReply(
        errors.isEmpty() ? 200 : 400,
        JSON,
        -1,
        Map.of(),
        out -> out.write(Json.mapper().writeValueAsBytes(body)));
  }

  private static final class Batch implements MultipartBody.Parts, AutoCloseable {
    /** A path takes at most 4,096 bytes; the rest is blanks around it. */
    private static final int MAX_PATH = 8_192;

    private static final int MAX_WAITING = 10_000;

    private final Running sandbox;
    private final UploadBatch uploads;
    private final Map<Integer, String> paths = new HashMap<>();
    private final ByteArrayOutputStream held = new ByteArrayOutputStream();
    private int index;
    private boolean readsPath;
    private @Nullable SandboxFile file;
    private @Nullable FileSink sink;

    Batch(Running sandbox) {
      this.sandbox = sandbox;
      this.uploads = new UploadBatch(sandbox);
    }

    @Override
    public void begin(String name) {
      readsPath = false;
      file = null;
      held.reset();
      Matcher part = PART.matcher(name);
      if (!part.matches()) {
        return;
      }
      index = Integer.parseInt(part.group(1));
      if (part.group(2).equals("path")) {
        readsPath = true;
      } else {
        open();
      }
    }

    @Override
    public void content(byte[] bytes, int offset, int length) {
      SandboxFile target = file;
      if (sink != null) {
        sink.write(bytes, offset, length);
      } else if (target != null && held.size() + length > UploadBatch.SMALL) {
        sink = uploads.open(target);
        sink.write(held.toByteArray(), 0, held.size());
        sink.write(bytes, offset, length);
      } else if (target != null) {
        held.write(bytes, offset, length);
      } else if (readsPath && held.size() <= MAX_PATH) {
        held.write(bytes, offset, Math.min(length, MAX_PATH + 1 - held.size()));
      }
    }

    @Override
    public void end() {
      FileSink open = sink;
      sink = null;
      if (file != null && open != null) {
        uploads.close(file, open, prefix());
      } else if (file != null) {
        uploads.write(file, held.toByteArray(), prefix());
      } else if (readsPath) {
        rememberPath();
      }
    }

    @Override
    public void close() {
      if (sink != null) {
        sink.close();
      }
      uploads.close();
    }

    private void open() {
      String waiting = paths.remove(index);
      if (waiting == null) {
        error("missing .path metadata");
        return;
      }
      try {
        file = SandboxFile.of(sandbox, waiting);
      } catch (DaytonaException e) {
        error(e.sentence());
      }
    }

    private void rememberPath() {
      String trimmed = PathBytes.decode(held.toByteArray()).strip();
      if (trimmed.isEmpty() || held.size() > MAX_PATH) {
        error(trimmed.isEmpty() ? "path is empty" : "path is too long");
      } else if (paths.size() == MAX_WAITING) {
        error("more than " + MAX_WAITING + " paths wait for their files");
      } else {
        paths.put(index, trimmed);
      }
    }

    private void error(String what) {
      uploads.failed(prefix() + what);
    }

    private String prefix() {
      return "file[" + index + "]: ";
    }
  }
}
