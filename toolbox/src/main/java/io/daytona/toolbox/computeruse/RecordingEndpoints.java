package io.daytona.toolbox.computeruse;

import io.daytona.http.Access;
import io.daytona.http.Call;
import io.daytona.http.Endpoint;
import io.daytona.http.Method;
import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.error.ToolboxError;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Recordings of the screen: none can be made without a desktop (toolbox protocol §10.7). */
final class RecordingEndpoints {
  private static final Pattern LABEL = Pattern.compile("[A-Za-z0-9 _-][A-Za-z0-9 ._-]{0,99}");

  private final SandboxCalls calls;

  RecordingEndpoints(SandboxCalls calls) {
    this.calls = calls;
  }

  List<Endpoint<?, ?>> all() {
    return List.of(
        Endpoint.get(
            "/computeruse/recordings",
            "ListRecordings",
            "Lists the recordings of the screen.",
            Access.MEMBER,
            Recordings.class,
            this::list),
        Endpoint.post(
            "/computeruse/recordings/start",
            "StartRecording",
            "Starts to record the screen.",
            Access.MEMBER,
            StartRequest.class,
            Recording.class,
            201,
            this::start),
        Endpoint.post(
            "/computeruse/recordings/stop",
            "StopRecording",
            "Ends a recording.",
            Access.MEMBER,
            StopRequest.class,
            Recording.class,
            200,
            this::stop),
        one(Method.GET, "", "GetRecording", "Describes a recording."),
        one(Method.DELETE, "", "DeleteRecording", "Deletes a recording."),
        one(Method.GET, "/download", "DownloadRecording", "Downloads a recording."));
  }

  private Endpoint<Void, Recording> one(Method method, String rest, String name, String summary) {
    return new Endpoint<>(
        method,
        "/computeruse/recordings/{id}" + rest,
        name,
        summary,
        Access.MEMBER,
        Void.class,
        Recording.class,
        200,
        this::absent);
  }

  private Recordings list(Call<Void> call) {
    calls.sandbox(call);
    return new Recordings(List.of());
  }

  private Recording start(Call<StartRequest> call) {
    String label = call.body().label();
    if (label != null && !label.isEmpty() && !LABEL.matcher(label).matches()) {
      throw ToolboxError.badRequest(
          "invalid_label: a label has 1 to 100 letters, digits, spaces, '.', '_' or '-' and does"
              + " not begin with a dot");
    }
    calls.sandbox(call);
    throw DaytonaException.of(
        ErrorKind.UNAVAILABLE,
        "RECORDING_FFMPEG_NOT_FOUND",
        "ffmpeg_not_found: this sandbox was made from an image without a desktop and ffmpeg");
  }

  private Recording stop(Call<StopRequest> call) {
    String id = call.body().id();
    if (id == null || id.isEmpty()) {
      throw ToolboxError.invalidBody("id is required");
    }
    return absent(call);
  }

  private Recording absent(Call<?> call) {
    calls.sandbox(call);
    throw DaytonaException.notFound("not found: recording not found");
  }

  /**
   * Recordings of a sandbox.
   *
   * @param recordings all
   */
  record Recordings(List<Recording> recordings) {}

  /**
   * A recording of the screen.
   *
   * @param id its id
   * @param fileName name of its file
   * @param filePath path of its file
   * @param startTime when it began, RFC 3339
   * @param status {@code recording}, {@code completed} or {@code failed}
   */
  record Recording(String id, String fileName, String filePath, String startTime, String status) {}

  /**
   * What to record.
   *
   * @param label part of the file's name
   */
  record StartRequest(@Nullable String label) {}

  /**
   * What to end.
   *
   * @param id id of the recording
   */
  record StopRequest(@Nullable String id) {}
}
