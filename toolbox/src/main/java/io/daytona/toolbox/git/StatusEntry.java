package io.daytona.toolbox.git;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.Objects;

/**
 * One file of a status.
 *
 * @param name path in the repository
 * @param extra old path of a renamed or copied file, otherwise empty
 * @param staging word for the index
 * @param worktree word for the working tree
 */
record StatusEntry(String name, String extra, String staging, String worktree) {
  private static final String UNTRACKED = "Untracked";

  /** Fields before the path, by the kind of record: git-status(1), porcelain format version 2. */
  private static final int CHANGED_FIELDS = 8;

  private static final int RENAMED_FIELDS = 9;
  private static final int UNMERGED_FIELDS = 10;

  /**
   * Reads a record.
   *
   * @param following gives the old path, which is a record of its own
   */
  static StatusEntry parse(String record, StatusHead.Source following) throws InterruptedException {
    return switch (record.isEmpty() ? ' ' : record.charAt(0)) {
      case '1' -> tracked(record, CHANGED_FIELDS, "");
      case '2' -> tracked(record, RENAMED_FIELDS, Objects.requireNonNullElse(following.next(), ""));
      case 'u' -> tracked(record, UNMERGED_FIELDS, "");
      default ->
          new StatusEntry(record.substring(Math.min(2, record.length())), "", UNTRACKED, UNTRACKED);
    };
  }

  private static StatusEntry tracked(String record, int fields, String extra) {
    String[] parts = record.split(" ", fields + 1);
    String path = parts[parts.length - 1];
    String codes = parts.length > 1 && parts[1].length() == 2 ? parts[1] : "..";
    return new StatusEntry(path, extra, word(codes.charAt(0)), word(codes.charAt(1)));
  }

  private static String word(char code) {
    return switch (code) {
      case 'M', 'T' -> "Modified";
      case 'A' -> "Added";
      case 'D' -> "Deleted";
      case 'R' -> "Renamed";
      case 'C' -> "Copied";
      case 'U' -> "Updated but unmerged";
      default -> "Unmodified";
    };
  }

  /** Writes it as the protocol has it. */
  void write(JsonGenerator json) throws IOException {
    json.writeStartObject();
    json.writeStringField("name", name);
    json.writeStringField("extra", extra);
    json.writeStringField("staging", staging);
    json.writeStringField("worktree", worktree);
    json.writeEndObject();
  }
}
