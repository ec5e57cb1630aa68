package io.daytona.toolbox.git;

import com.fasterxml.jackson.core.JsonGenerator;
import io.daytona.http.Call;
import io.daytona.http.RawReply;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** {@code GET /git/status}: branch, upstream and changed files (toolbox protocol §7.2). */
final class StatusHandler {
  private final GitCalls calls;

  StatusHandler(GitCalls calls) {
    this.calls = calls;
  }

  RawReply handle(Call<Void> call) throws InterruptedException {
    Git git = calls.git(call);
    GitCommand command =
        GitCommand.in(
                GitCalls.repository(call, git),
                "status",
                "--porcelain=v2",
                "--branch",
                "-z",
                "--untracked-files=all")
            // Asking must not get in the way of a command that works on the index meanwhile.
            .env("GIT_OPTIONAL_LOCKS", "0");
    GitRecords records = git.start(command, '\0');
    try {
      Entries entries = new Entries(git, records);
      StatusHead head = StatusHead.read(entries::next);
      boolean newKeys = GitCalls.takesNewKeys(call);
      return StreamedJson.of(records, json -> write(json, head, entries, newKeys));
    } catch (RuntimeException | InterruptedException e) {
      records.close();
      throw e;
    }
  }

  private static void write(JsonGenerator json, StatusHead head, Entries entries, boolean newKeys)
      throws IOException, InterruptedException {
    json.writeStartObject();
    json.writeStringField("currentBranch", head.branch());
    json.writeBooleanField("branchPublished", !head.upstream().isEmpty());
    json.writeNumberField("ahead", head.ahead());
    json.writeNumberField("behind", head.behind());
    if (newKeys) {
      json.writeBooleanField("detached", head.detached());
      json.writeStringField("upstream", head.upstream());
    }
    json.writeArrayFieldStart("fileStatus");
    for (String entry = head.firstEntry(); entry != null; entry = entries.next()) {
      StatusEntry.parse(entry, entries::next).write(json);
    }
    json.writeEndArray();
    json.writeEndObject();
  }

  /** Records of a status; the end of one that failed is an error. */
  private record Entries(Git git, GitRecords records) {
    @Nullable String next() throws InterruptedException {
      byte[] bytes = records.next();
      if (bytes != null) {
        return GitOutput.text(bytes);
      }
      if (records.status() != 0) {
        throw git.failure(new GitOutput(records.status(), "", records.errors()));
      }
      return null;
    }
  }
}
