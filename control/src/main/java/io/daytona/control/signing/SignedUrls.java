package io.daytona.control.signing;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.daytona.wire.access.SignedFileRequest;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Clock;
import java.util.Base64;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Verifies signed file URLs (toolbox protocol §1.9). */
public final class SignedUrls {
  private static final String ALGORITHM = "HmacSHA256";
  private static final Pattern EXPIRES = Pattern.compile("0|[1-9]\\d{0,14}");

  private final SigningKeys keys;
  private final Clock clock;

  /**
   * @param keys of all sandboxes
   * @param clock tells the time
   */
  public SignedUrls(SigningKeys keys, Clock clock) {
    this.keys = keys;
    this.clock = clock;
  }

  /**
   * Checks a request against the present key of a sandbox.
   *
   * @throws DaytonaException 401 when it was not signed with that key, or too long ago
   */
  public void verify(String sandboxId, SignedFileRequest request) {
    SigningKey key = keys.find(sandboxId);
    if (key.value().isEmpty()
        || !EXPIRES.matcher(request.expires()).matches()
        || !MessageDigest.isEqual(
            signature(key.value(), request).getBytes(UTF_8), request.signature().getBytes(UTF_8))) {
      throw invalid();
    }
    long expires = Long.parseLong(request.expires());
    if (expires != 0 && clock.instant().getEpochSecond() >= expires) {
      throw DaytonaException.of(
          ErrorKind.UNAUTHORIZED, "The signed URL has expired; sign a new one.");
    }
  }

  /** The refusal that tells nothing about the sandbox. */
  public static DaytonaException invalid() {
    return DaytonaException.of(
        ErrorKind.UNAUTHORIZED,
        "The signature of the URL is not valid; sign a new one with the present key.");
  }

  private static String signature(String key, SignedFileRequest request) {
    String message =
        "v1:files:" + request.method() + ":" + request.path() + ":" + request.expires();
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(key.getBytes(UTF_8), ALGORITHM));
      return "v1_"
          + Base64.getUrlEncoder()
              .withoutPadding()
              .encodeToString(mac.doFinal(message.getBytes(UTF_8)));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JVM has " + ALGORITHM, e);
    }
  }
}
