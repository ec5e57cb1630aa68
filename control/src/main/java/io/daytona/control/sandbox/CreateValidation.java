package io.daytona.control.sandbox;

import io.daytona.control.persistence.Times;
import io.daytona.control.region.Region;
import io.daytona.control.region.Regions;
import io.daytona.control.snapshot.Snapshot;
import io.daytona.control.snapshot.SnapshotState;
import io.daytona.control.snapshot.Snapshots;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.sandbox.DesiredState;
import io.daytona.wire.sandbox.SandboxState;
import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Turns what a client asks for into the row of a new sandbox, or refuses it with a sentence that
 * says what is allowed. The order of the checks is that of control-plane protocol §2.2.
 */
final class CreateValidation {
  private static final String CONTAINER = "container";
  private static final Pattern USER_NAME = Pattern.compile("[a-zA-Z_][a-zA-Z0-9_.-]{0,31}");

  private final Snapshots snapshots;
  private final Regions regions;
  private final Intervals intervals;
  private final Tokens tokens;
  private final Clock clock;
  private final String defaultSnapshot;

  CreateValidation(
      Snapshots snapshots,
      Regions regions,
      Intervals intervals,
      Tokens tokens,
      Clock clock,
      String defaultSnapshot) {
    this.snapshots = snapshots;
    this.regions = regions;
    this.intervals = intervals;
    this.tokens = tokens;
    this.clock = clock;
    this.defaultSnapshot = defaultSnapshot;
  }

  /**
   * A request that can be carried out.
   *
   * @param sandbox the row to make
   * @param ownName whether the client chose the name
   * @param snapshotId snapshot it is made from
   */
  record Checked(Sandbox sandbox, boolean ownName, String snapshotId) {}

  /**
   * Checks a request.
   *
   * @param id id of the new sandbox
   * @throws DaytonaException 400, or 404 for an unknown region
   */
  Checked check(String organizationId, CreateSandboxBody body, String id) {
    Optional<String> name = given(body.name()).map(text -> DisplayName.check("name", text));
    checkResources(body);
    Snapshot snapshot = snapshot(organizationId, body);
    Region region = regions.resolve(organizationId, given(body.target()));
    checkSnapshot(snapshot, region, body);
    int autoStop = intervals.autoStop(body.autoStopInterval());
    int autoArchive = intervals.autoArchive(body.autoArchiveInterval());
    int autoDelete = intervals.autoDelete(body.autoDeleteInterval());
    NotYet.check(body);
    Instant now = Times.now(clock);
    List<String> entrypoint = snapshot.entrypoint();
    Sandbox row =
        new Sandbox(
            id,
            organizationId,
            region.id(),
            snapshot.sandboxClass(),
            name.orElse(id),
            snapshot.name(),
            snapshot.layers(),
            entrypoint == null ? List.of() : entrypoint,
            given(body.user()).map(CreateValidation::user).orElse(snapshot.osUser()),
            Strings.environment(body.env()),
            Strings.labels(body.labels()),
            Boolean.TRUE.equals(body.isPublic()),
            false,
            snapshot.cpu(),
            snapshot.gpu(),
            snapshot.memoryGib(),
            snapshot.diskGib(),
            SandboxState.CREATING,
            DesiredState.STARTED,
            null,
            false,
            autoStop,
            autoArchive,
            autoDelete,
            tokens.next(),
            null,
            now,
            now,
            now,
            1);
    return new Checked(row, name.isPresent(), snapshot.id());
  }

  private static void checkResources(CreateSandboxBody body) {
    if (Boolean.TRUE.equals(body.kvm())) {
      throw DaytonaException.badRequest(
          "No available runners with nested virtualization. Leave out kvm");
    }
    boolean build = body.buildInfo() != null;
    if (build && given(body.snapshot()).isPresent()) {
      throw DaytonaException.badRequest("Cannot specify a snapshot when using a build info entry");
    }
    List<String> types = body.gpuType() == null ? List.of() : body.gpuType();
    boolean gpu = asked(body.gpu()) || !types.isEmpty();
    if (!build) {
      if (gpu || asked(body.cpu()) || asked(body.memory()) || asked(body.disk())) {
        throw DaytonaException.badRequest("Cannot specify Sandbox resources when using a snapshot");
      }
      return;
    }
    if (gpu) {
      if (!Integer.valueOf(0).equals(body.autoDeleteInterval())) {
        throw DaytonaException.badRequest(
            "GPU sandboxes must be ephemeral - set autoDeleteInterval to 0");
      }
      throw DaytonaException.badRequest(
          types.isEmpty()
              ? "No available runners with a GPU."
              : "No available runners with GPU type: " + String.join(", ", types) + ".");
    }
    throw DaytonaException.badRequest(
        "Declarative builds are not available on this server yet. Leave out buildInfo and name a"
            + " snapshot instead");
  }

  private Snapshot snapshot(String organizationId, CreateSandboxBody body) {
    String wanted = given(body.snapshot()).orElse(defaultSnapshot);
    return snapshots
        .find(organizationId, wanted)
        .orElseThrow(() ->
            HostedSnapshots.sandboxClass(wanted)
                .map(CreateValidation::cannotRun)
                .orElseGet(() ->
                    DaytonaException.badRequest(
                        "Snapshot "
                            + wanted
                            + " not found. Did you add it through the Daytona Dashboard?")));
  }

  private static void checkSnapshot(Snapshot snapshot, Region region, CreateSandboxBody body) {
    if (!snapshot.regionId().equals(region.id())) {
      throw DaytonaException.badRequest(
          "Snapshot " + snapshot.name() + " is not available in region " + region.id());
    }
    String wanted = given(body.sandboxClass()).orElse(snapshot.sandboxClass());
    for (String sandboxClass : List.of(snapshot.sandboxClass(), wanted)) {
      if (!sandboxClass.equals(CONTAINER)) {
        throw cannotRun(sandboxClass);
      }
    }
    if (snapshot.state() != SnapshotState.ACTIVE) {
      throw DaytonaException.badRequest(
          "Snapshot " + snapshot.name() + " is " + snapshot.state().wire());
    }
  }

  private static String user(String user) {
    if (!USER_NAME.matcher(user).matches()) {
      throw DaytonaException.badRequest(
          "user must be a name of 1 to 32 letters, digits and _ . - that begins with a letter or"
              + " _");
    }
    return user;
  }

  private static DaytonaException cannotRun(String sandboxClass) {
    return DaytonaException.badRequest(
        "No available runners: this host runs sandboxes of class container, not "
            + sandboxClass.toLowerCase(Locale.ROOT));
  }

  private static Optional<String> given(@Nullable String text) {
    return Optional.ofNullable(text).filter(value -> !value.isEmpty());
  }

  private static boolean asked(@Nullable Integer amount) {
    return amount != null && amount != 0;
  }
}
