package io.daytona.control.snapshot;

import io.daytona.http.Call;
import io.daytona.wire.error.DaytonaException;

/**
 * Order of a list of snapshots.
 *
 * @param sql column and direction, from fixed texts only
 */
record SnapshotOrder(String sql) {

  /** Reads {@code sort} and {@code order}; the default is the last used one first. */
  static SnapshotOrder of(Call<?> call) {
    String column =
        switch (call.query("sort").orElse("lastUsedAt")) {
          case "name" -> "name";
          case "state" -> "state";
          case "lastUsedAt" -> "last_used_at";
          case "createdAt" -> "created_at";
          default ->
              throw DaytonaException.badRequest(
                  "sort must be one of the following values: name, state, lastUsedAt, createdAt");
        };
    String direction =
        switch (call.query("order").orElse("desc")) {
          case "asc" -> " ASC NULLS FIRST";
          case "desc" -> " DESC NULLS LAST";
          default ->
              throw DaytonaException.badRequest(
                  "order must be one of the following values: asc, desc");
        };
    return new SnapshotOrder(column + direction);
  }
}
