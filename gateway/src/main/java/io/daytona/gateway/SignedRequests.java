package io.daytona.gateway;

import io.daytona.http.Call;
import io.daytona.http.Route;
import io.daytona.wire.access.SignedFileRequest;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Finds the signature in a URL, on the two routes that take one (toolbox protocol §1.9). */
final class SignedRequests {
  private static final Map<String, String> METHODS =
      Map.of("/files/download", "GET", "/files/upload-v2", "POST");

  private SignedRequests() {}

  /** What was signed; empty when this is not a signed request. */
  static Optional<SignedFileRequest> of(Call<?> call, Route route) {
    if (!call.method().equals(METHODS.get(route.path()))) {
      return Optional.empty();
    }
    Optional<String> path = only(call, "path");
    Optional<String> expires = only(call, "expires");
    Optional<String> signature = only(call, "signature");
    if (path.filter(SignedRequests::isExact).isEmpty()
        || expires.isEmpty()
        || signature.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new SignedFileRequest(call.method(), path.get(), expires.get(), signature.get()));
  }

  /** U+FFFD may stand for any bytes that are not UTF-8, so nobody can have meant these. */
  private static boolean isExact(String path) {
    return path.indexOf('\ufffd') < 0;
  }

  /** A parameter that comes exactly once, so that nobody reads another value of it. */
  private static Optional<String> only(Call<?> call, String name) {
    List<String> values = call.queries(name);
    return values.size() == 1 ? Optional.of(values.getFirst()) : Optional.empty();
  }
}
