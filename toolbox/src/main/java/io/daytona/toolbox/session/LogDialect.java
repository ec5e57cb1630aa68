package io.daytona.toolbox.session;

import io.daytona.http.Call;
import io.daytona.toolbox.ClientVersion;
import java.util.Optional;

/** How a generation of clients expects logs (toolbox protocol §1.5). */
enum LogDialect {
  /** Plain text without markers: clients before 0.27.0, and those that do not say what they are. */
  COMBINED,
  /** Text with markers. */
  MARKED,
  /** JSON with both channels apart: clients since 0.167.0. */
  SPLIT;

  /** The dialect of a call. */
  static LogDialect of(Call<?> call) {
    Optional<String> version = ClientVersion.text(call);
    if (version.filter(text -> text.contains("dev")).isPresent()) {
      return SPLIT;
    }
    Optional<ClientVersion> release = version.flatMap(ClientVersion::parse);
    if (release.isEmpty()) {
      boolean split = call.header("X-Daytona-Split-Output").orElse("").equals("true");
      return split ? MARKED : COMBINED;
    }
    if (release.get().isBefore(0, 27, 0)) {
      return COMBINED;
    }
    return release.get().isBefore(0, 167, 0) ? MARKED : SPLIT;
  }
}
