package io.daytona.toolbox.git;

import com.fasterxml.jackson.core.JsonGenerator;
import io.daytona.http.Call;
import io.daytona.http.RawReply;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** {@code GET /git/history}: all commits of HEAD, newest first (toolbox protocol §7.2). */
final class HistoryHandler {
  private static final String FORMAT = "--format=tformat:%H%n%an%n%ae%n%aI%n%B";
  private static final int FIELDS = 5;

  private final GitCalls calls;

  HistoryHandler(GitCalls calls) {
    this.calls = calls;
  }

  RawReply handle(Call<Void> call) throws InterruptedException {
    Git git = calls.git(call);
    GitCommand command =
        GitCommand.in(
            GitCalls.repository(call, git),
            "log",
            "-z",
            "--no-show-signature",
            "--encoding=UTF-8",
            FORMAT,
            "HEAD",
            "--");
    GitRecords records = git.start(command, '\0');
    try {
      byte[] first = next(git, records);
      return StreamedJson.of(records, json -> write(json, git, records, first));
    } catch (RuntimeException | InterruptedException e) {
      records.close();
      throw e;
    }
  }

  private static void write(
      JsonGenerator json, Git git, GitRecords records, byte @Nullable [] first)
      throws IOException, InterruptedException {
    json.writeStartArray();
    for (byte[] bytes = first; bytes != null; bytes = next(git, records)) {
      String[] fields = GitOutput.text(bytes).split("\n", FIELDS);
      json.writeStartObject();
      json.writeStringField("hash", field(fields, 0));
      json.writeStringField("author", field(fields, 1));
      json.writeStringField("email", field(fields, 2));
      json.writeStringField("message", field(fields, 4));
      json.writeStringField("timestamp", field(fields, 3));
      json.writeEndObject();
    }
    json.writeEndArray();
  }

  private static String field(String[] fields, int index) {
    return index < fields.length ? fields[index] : "";
  }

  private static byte @Nullable [] next(Git git, GitRecords records) throws InterruptedException {
    byte[] bytes = records.next();
    if (bytes == null && records.status() != 0) {
      throw git.failure(new GitOutput(records.status(), "", records.errors()));
    }
    return bytes;
  }
}
