package io.daytona.control.sandbox;

import static io.daytona.control.apikey.Permissions.DELETE_SANDBOXES;
import static io.daytona.control.apikey.Permissions.WRITE_SANDBOXES;

import io.daytona.control.apikey.Principal;
import io.daytona.control.configuration.PublicUrls;
import io.daytona.control.paging.QueryValues;
import io.daytona.http.Access;
import io.daytona.http.Call;
import io.daytona.http.Endpoint;
import io.daytona.http.Limiter;
import io.daytona.http.Method;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.runner.StartedSandbox;
import java.util.List;

/** The rows of the endpoint table about the life of sandboxes. */
final class SandboxEndpoints {
  private static final double NANOS = 1e6;
  private static final double MICROS = 1e3;
  private static final String ID = "sandboxIdOrName";

  private final SandboxLookup lookup;
  private final SandboxListing listing;
  private final Creation creation;
  private final Lifecycle lifecycle;
  private final PublicUrls urls;

  SandboxEndpoints(
      SandboxLookup lookup,
      SandboxListing listing,
      Creation creation,
      Lifecycle lifecycle,
      PublicUrls urls) {
    this.lookup = lookup;
    this.listing = listing;
    this.creation = creation;
    this.lifecycle = lifecycle;
    this.urls = urls;
  }

  List<Endpoint<?, ?>> endpoints() {
    return List.of(
        Endpoint.get(
            "/sandbox",
            "listSandboxes",
            "The organization's sandboxes, from cursor to cursor",
            Access.MEMBER,
            SandboxCursorPage.class,
            this::slice),
        Endpoint.post(
                "/sandbox",
                "createSandbox",
                "Creates a sandbox from a snapshot and answers when it has started",
                Access.permission(WRITE_SANDBOXES),
                CreateSandboxBody.class,
                SandboxDto.class,
                200,
                this::create)
            .counted(Limiter.SANDBOX_CREATE)
            .header(
                Creation.KEY_HEADER,
                "1 to 255 visible ASCII characters; for a day the same key with the same body gives"
                    + " the same sandbox"),
        Endpoint.get(
            "/sandbox/paginated",
            "listSandboxesPaginated_deprecated",
            "The organization's sandboxes, page by page",
            Access.MEMBER,
            SandboxPage.class,
            this::page),
        Endpoint.get(
            "/sandbox/{sandboxIdOrName}",
            "getSandbox",
            "One sandbox by id or name",
            Access.MEMBER,
            SandboxDto.class,
            call -> dto(lookup.require(call, ID), call)),
        new Endpoint<>(
                Method.DELETE,
                "/sandbox/{sandboxIdOrName}",
                "deleteSandbox",
                "Deletes a sandbox; one that is being created is cancelled",
                Access.permission(DELETE_SANDBOXES),
                Void.class,
                SandboxDto.class,
                200,
                call -> dto(lifecycle.delete(lookup.require(call, ID), "asked by a client"), call))
            .counted(Limiter.SANDBOX_LIFECYCLE),
        Endpoint.post(
                "/sandbox/{sandboxIdOrName}/start",
                "startSandbox",
                "Starts a stopped sandbox and answers when it has started",
                Access.permission(WRITE_SANDBOXES),
                Void.class,
                SandboxDto.class,
                200,
                this::start)
            .counted(Limiter.SANDBOX_LIFECYCLE),
        Endpoint.post(
                "/sandbox/{sandboxIdOrName}/stop",
                "stopSandbox",
                "Stops a running sandbox; an ephemeral one is deleted",
                Access.permission(WRITE_SANDBOXES),
                Void.class,
                SandboxDto.class,
                200,
                this::stop)
            .counted(Limiter.SANDBOX_LIFECYCLE),
        Endpoint.get(
            "/sandbox/{sandboxId}/toolbox-proxy-url",
            "getToolboxProxyUrl",
            "Where the toolbox of a sandbox is reached",
            Access.MEMBER,
            ToolboxProxyUrlDto.class,
            this::toolboxProxyUrl),
        Endpoint.get(
            "/sandbox/{sandboxIdOrName}/ports/{port}/preview-url",
            "getPortPreviewUrl",
            "Where a port of a sandbox is reached",
            Access.MEMBER,
            PortPreviewUrlDto.class,
            this::previewUrl));
  }

  private SandboxCursorPage slice(Call<Void> call) {
    SandboxListing.Slice slice = listing.slice(organization(call), call);
    String toolbox = urls.toolbox(call.origin());
    return new SandboxCursorPage(
        slice.rows().stream().map(row -> SandboxListItem.of(row, toolbox)).toList(),
        slice.next().map(SandboxCursor::text).orElse(null));
  }

  private SandboxPage page(Call<Void> call) {
    SandboxListing.Page page = listing.page(organization(call), call);
    return new SandboxPage(
        page.rows().stream().map(row -> dto(row, call)).toList(),
        page.total(),
        page.paging().page(),
        page.paging().pages(page.total()));
  }

  private SandboxDto create(Call<CreateSandboxBody> call) throws InterruptedException {
    return answered(creation.create(call, organization(call)), call);
  }

  private SandboxDto start(Call<Void> call) throws InterruptedException {
    return answered(lifecycle.start(lookup.require(call, ID), call::whenClientLeaves), call);
  }

  private SandboxDto stop(Call<Void> call) throws InterruptedException {
    boolean force = QueryValues.bool(call, "force").orElse(false);
    return dto(lifecycle.stop(lookup.require(call, ID), force, "asked by a client"), call);
  }

  private ToolboxProxyUrlDto toolboxProxyUrl(Call<Void> call) {
    lookup.require(call, "sandboxId");
    return new ToolboxProxyUrlDto(urls.toolbox(call.origin()));
  }

  private PortPreviewUrlDto previewUrl(Call<Void> call) {
    Sandbox row = lookup.require(call, ID);
    int port = port(call.path("port"));
    return new PortPreviewUrlDto(
        row.id(), urls.preview(call.origin(), Integer.toString(port), row.id()), row.authToken());
  }

  private static int port(String text) {
    try {
      int port = Integer.parseInt(text);
      if (port >= 1 && port <= 65535) {
        return port;
      }
    } catch (NumberFormatException e) {
      throw invalidPort();
    }
    throw invalidPort();
  }

  private static DaytonaException invalidPort() {
    return DaytonaException.badRequest("Invalid port");
  }

  private SandboxDto answered(Outcome outcome, Call<?> call) {
    StartedSandbox started = outcome.started();
    if (started != null) {
      call.timing("slot", started.micros().slot() / MICROS);
      call.timing("jailer", started.micros().jailer() / MICROS);
      call.timing("agent", started.micros().agent() / MICROS);
      call.timing("commit", outcome.commitNanos() / NANOS);
    }
    return dto(outcome.sandbox(), call);
  }

  private SandboxDto dto(Sandbox row, Call<?> call) {
    return SandboxDto.of(row, urls.toolbox(call.origin()));
  }

  private static String organization(Call<?> call) {
    return call.principal(Principal.class).organizationId();
  }
}
