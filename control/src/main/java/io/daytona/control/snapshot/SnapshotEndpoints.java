package io.daytona.control.snapshot;

import io.daytona.control.apikey.Principal;
import io.daytona.control.paging.Paging;
import io.daytona.http.Access;
import io.daytona.http.Call;
import io.daytona.http.Endpoint;
import io.daytona.wire.error.DaytonaException;
import java.util.List;

/** The rows of the endpoint table about snapshots. */
public final class SnapshotEndpoints {
  private final Snapshots snapshots;

  /** Serves these snapshots. */
  public SnapshotEndpoints(Snapshots snapshots) {
    this.snapshots = snapshots;
  }

  /** The rows. */
  public List<Endpoint<?, ?>> endpoints() {
    return List.of(
        Endpoint.get(
            "/snapshots",
            "getAllSnapshots",
            "The snapshots that sandboxes can be made from, page by page",
            Access.MEMBER,
            SnapshotPage.class,
            this::list),
        Endpoint.get(
            "/snapshots/{id}",
            "getSnapshot",
            "One snapshot by id or name",
            Access.MEMBER,
            SnapshotDto.class,
            this::get));
  }

  private SnapshotPage list(Call<Void> call) {
    String organization = call.principal(Principal.class).organizationId();
    Paging paging = Paging.of(call);
    String part = call.query("name").orElse("");
    List<SnapshotDto> items =
        snapshots
            .list(organization, part, SnapshotOrder.of(call), paging.limit(), paging.offset())
            .stream()
            .map(SnapshotDto::of)
            .toList();
    long total = snapshots.count(organization, part);
    return new SnapshotPage(items, total, paging.page(), paging.pages(total));
  }

  private SnapshotDto get(Call<Void> call) {
    String wanted = call.path("id");
    return snapshots
        .read(call.principal(Principal.class).organizationId(), wanted)
        .map(SnapshotDto::of)
        .orElseThrow(
            () -> DaytonaException.notFound("Snapshot with ID or name " + wanted + " not found"));
  }
}
