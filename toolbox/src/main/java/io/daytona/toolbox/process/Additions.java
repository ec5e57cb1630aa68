package io.daytona.toolbox.process;

import io.daytona.http.Call;
import io.daytona.toolbox.ClientVersion;
import java.util.Optional;

/**
 * What replies say beyond the reference schema. Clients written in Go refuse unknown keys before
 * 0.188 (toolbox protocol §1.5), so those are sent none.
 */
final class Additions {
  private Additions() {}

  /** Whether the client accepts keys that the reference schema does not have. */
  static boolean accepted(Call<?> call) {
    Optional<ClientVersion> version =
        switch (call.header("X-Daytona-Source").orElse("")) {
          case "sdk-go" -> ClientVersion.of(call);
          case "cli" -> call.header("X-Daytona-CLI-Version").flatMap(ClientVersion::parse);
          default -> Optional.empty();
        };
    return version.map(known -> !known.isBefore(0, 188, 0)).orElse(true);
  }

  /** Whether the client asked for standard output and standard error by themselves. */
  static boolean splitOutput(Call<?> call) {
    return call.header("X-Daytona-Split-Output").filter("true"::equalsIgnoreCase).isPresent();
  }
}
