package io.daytona.control.sandbox;

import io.daytona.control.paging.Paging;
import io.daytona.control.persistence.Database;
import io.daytona.http.Call;
import io.daytona.wire.error.DaytonaException;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Both lists of sandboxes (control-plane protocol §4). */
final class SandboxListing {
  private final Database database;

  SandboxListing(Database database) {
    this.database = database;
  }

  /** A part of a list; {@code next} is where the following one begins. */
  record Slice(List<Sandbox> rows, Optional<SandboxCursor> next) {}

  /** A numbered page; {@code total} counts all pages. */
  record Page(List<Sandbox> rows, long total, Paging paging) {}

  /** {@code GET /sandbox}. */
  Slice slice(String organizationId, Call<?> call) {
    SandboxSort sort = SandboxSort.of(call);
    boolean ascending = ascending(call);
    int limit = Paging.limit(call);
    SandboxFilter filter = SandboxFilter.ofCursorList(organizationId, call);
    call.query("cursor")
        .filter(text -> !text.isEmpty())
        .map(text -> SandboxCursor.parse(text, sort))
        .ifPresent(cursor ->
            filter.and(
                "(%s, id) %s (CAST(:sortValue AS %s), CAST(:afterId AS uuid))"
                    .formatted(sort.column(), ascending ? ">" : "<", sort.type()),
                Map.of("sortValue", cursor.sortValue(), "afterId", cursor.id())));
    String direction = ascending ? " ASC" : " DESC";
    List<Sandbox> rows =
        query(
            filter,
            sort.column() + direction + ", id" + direction,
            // One more than asked for tells whether there is a next page.
            limit + 1,
            0);
    if (rows.size() <= limit) {
      return new Slice(rows, Optional.empty());
    }
    List<Sandbox> page = rows.subList(0, limit);
    return new Slice(page, Optional.of(SandboxCursor.after(page.getLast(), sort)));
  }

  /** {@code GET /sandbox/paginated}. */
  Page page(String organizationId, Call<?> call) {
    Paging paging = Paging.of(call);
    String column = pageColumn(call.query("sort").orElse("createdAt"));
    String direction = ascending(call) ? " ASC" : " DESC";
    SandboxFilter filter = SandboxFilter.ofPages(organizationId, call);
    List<Sandbox> rows =
        query(filter, column + direction + ", id" + direction, paging.limit(), paging.offset());
    long total =
        database.run(handle ->
            filter
                .bind(handle.createQuery("SELECT count(*) FROM sandbox WHERE " + filter.sql()))
                .mapTo(Long.class)
                .one());
    return new Page(rows, total, paging);
  }

  private List<Sandbox> query(SandboxFilter filter, String order, int limit, long offset) {
    return database.run(handle ->
        filter
            .bind(
                handle.createQuery(
                    "SELECT * FROM sandbox WHERE "
                        + filter.sql()
                        + " ORDER BY "
                        + order
                        + " LIMIT :limit OFFSET :offset"))
            .bind("limit", limit)
            .bind("offset", offset)
            .map((row, context) -> Sandbox.read(row))
            .list());
  }

  private static String pageColumn(String sort) {
    return switch (sort) {
      case "id" -> "id";
      case "name" -> "name COLLATE \"C\"";
      case "state" -> "state";
      case "snapshot" -> "snapshot";
      case "region" -> "region_id";
      case "updatedAt" -> "updated_at";
      case "createdAt" -> "created_at";
      case "lastActivityAt" -> "last_activity_at";
      default ->
          throw DaytonaException.badRequest(
              "sort must be one of the following values: id, name, state, snapshot, region,"
                  + " updatedAt, createdAt, lastActivityAt");
    };
  }

  private static boolean ascending(Call<?> call) {
    return switch (call.query("order").orElse("desc").toLowerCase(java.util.Locale.ROOT)) {
      case "asc" -> true;
      case "desc" -> false;
      default ->
          throw DaytonaException.badRequest("order must be one of the following values: asc, desc");
    };
  }
}
