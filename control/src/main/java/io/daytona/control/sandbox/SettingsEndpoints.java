package io.daytona.control.sandbox;

import static io.daytona.control.apikey.Permissions.WRITE_SANDBOXES;

import io.daytona.control.configuration.PublicUrls;
import io.daytona.control.paging.QueryValues;
import io.daytona.http.Access;
import io.daytona.http.Call;
import io.daytona.http.Endpoint;
import io.daytona.http.Method;
import io.daytona.wire.error.DaytonaException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The rows of the endpoint table about settings of existing sandboxes. */
final class SettingsEndpoints {
  private static final String ID = "sandboxIdOrName";

  private final SandboxLookup lookup;
  private final SandboxStore store;
  private final Intervals intervals;
  private final PublicUrls urls;

  SettingsEndpoints(
      SandboxLookup lookup, SandboxStore store, Intervals intervals, PublicUrls urls) {
    this.lookup = lookup;
    this.store = store;
    this.intervals = intervals;
    this.urls = urls;
  }

  List<Endpoint<?, ?>> endpoints() {
    return List.of(
        new Endpoint<>(
            Method.PUT,
            "/sandbox/{sandboxIdOrName}/labels",
            "replaceLabels",
            "Replaces all labels of a sandbox",
            Access.permission(WRITE_SANDBOXES),
            SandboxLabelsDto.class,
            SandboxLabelsDto.class,
            200,
            this::labels),
        setter(
            "/public/{isPublic}",
            "updatePublicStatus",
            "Sets whether previews of a sandbox need no credentials",
            call -> {
              boolean value = QueryValues.bool("isPublic", call.path("isPublic"));
              return new SandboxSetting.Public(value);
            }),
        setter(
            "/autostop/{interval}",
            "setAutostopInterval",
            "Sets the minutes without activity until a sandbox is stopped",
            call -> new SandboxSetting.AutoStop(intervals.autoStop(interval(call)))),
        setter(
            "/autoarchive/{interval}",
            "setAutoArchiveInterval",
            "Sets the minutes a sandbox stays stopped until it is archived",
            call -> new SandboxSetting.AutoArchive(intervals.autoArchive(interval(call)))),
        setter(
            "/autodelete/{interval}",
            "setAutoDeleteInterval",
            "Sets the minutes a sandbox stays stopped until it is deleted",
            call -> new SandboxSetting.AutoDelete(intervals.autoDelete(interval(call)))),
        Endpoint.post(
            "/sandbox/{sandboxId}/last-activity",
            "updateLastActivity",
            "Notes that a sandbox was used now",
            Access.MEMBER,
            Void.class,
            Void.class,
            201,
            this::used));
  }

  private interface Reading {
    SandboxSetting of(Call<Void> call);
  }

  private Endpoint<Void, SandboxDto> setter(
      String path, String operation, String summary, Reading reading) {
    return Endpoint.post(
        "/sandbox/{sandboxIdOrName}" + path,
        operation,
        summary,
        Access.permission(WRITE_SANDBOXES),
        Void.class,
        SandboxDto.class,
        200,
        call -> {
          Sandbox row = lookup.require(call, ID);
          return SandboxDto.of(change(row, reading.of(call)), urls.toolbox(call.origin()));
        });
  }

  private SandboxLabelsDto labels(Call<SandboxLabelsDto> call) {
    Sandbox row = lookup.require(call, ID);
    Map<String, @Nullable String> given = call.body().labels();
    if (given == null) {
      throw DaytonaException.badRequest("labels must be an object whose values are all strings");
    }
    Map<String, String> labels = Strings.labels(given);
    return new SandboxLabelsDto(
        Map.copyOf(change(row, new SandboxSetting.Labels(labels)).labels()));
  }

  private @Nullable Void used(Call<Void> call) {
    change(lookup.require(call, "sandboxId"), new SandboxSetting.Used());
    return null;
  }

  private Sandbox change(Sandbox row, SandboxSetting setting) {
    return store.set(row.id(), setting).orElseThrow(() -> SandboxLookup.unknown(row.id()));
  }

  private static int interval(Call<?> call) {
    return Intervals.parse(call.path("interval"));
  }
}
