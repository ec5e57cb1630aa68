package io.daytona.toolbox;

import io.daytona.http.Call;
import io.daytona.http.SocketCall;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The release of the client library that made a call (toolbox protocol §1.5).
 *
 * @param major major number
 * @param minor minor number
 * @param patch patch number
 * @param preRelease whether it comes before that release, as {@code 0.27.0a1} and {@code
 *     0.27.0-rc.1} do
 */
public record ClientVersion(int major, int minor, int patch, boolean preRelease) {
  private static final String HEADER = "X-Daytona-SDK-Version";
  private static final String TOKEN = HEADER + "~";
  private static final Pattern FORM =
      Pattern.compile(
          "v?(\\d{1,6})\\.(\\d{1,6})\\.(\\d{1,6})([-.]?[A-Za-z][0-9A-Za-z.-]*)?(\\+.*)?");

  /**
   * The version a call carries in its header, else in a sub-protocol; empty when it names none, a
   * development one, or nonsense.
   */
  public static Optional<ClientVersion> of(Call<?> call) {
    return text(call).flatMap(ClientVersion::parse);
  }

  /** The version as the client writes it, even one that {@link #parse} does not take. */
  public static Optional<String> text(Call<?> call) {
    Optional<String> header = call.header(HEADER);
    if (header.isPresent() || !(call instanceof SocketCall socket)) {
      return header;
    }
    // Browsers cannot set headers on a WebSocket.
    return socket.offered().stream()
        .filter(token -> token.regionMatches(true, 0, TOKEN, 0, TOKEN.length()))
        .map(token -> token.substring(TOKEN.length()))
        .findFirst();
  }

  /** Parses a version; a development version never counts as old and is empty. */
  public static Optional<ClientVersion> parse(String text) {
    Matcher form = FORM.matcher(text.strip());
    if (text.contains("dev") || !form.matches()) {
      return Optional.empty();
    }
    return Optional.of(
        new ClientVersion(
            Integer.parseInt(form.group(1)),
            Integer.parseInt(form.group(2)),
            Integer.parseInt(form.group(3)),
            form.group(4) != null));
  }

  /** Whether it comes before a release. */
  public boolean isBefore(int otherMajor, int otherMinor, int otherPatch) {
    if (major != otherMajor) {
      return major < otherMajor;
    }
    if (minor != otherMinor) {
      return minor < otherMinor;
    }
    return patch == otherPatch ? preRelease : patch < otherPatch;
  }
}
