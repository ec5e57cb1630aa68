package io.daytona.control.apikey;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.HexFormat;

/**
 * The secret of an API key; only its hash and its ends are ever stored (control-plane protocol
 * §1.4).
 */
public final class ApiKeyValue {
  private static final String PREFIX = "dtn_";
  private static final int RANDOM_BYTES = 32;
  private static final int SHOWN = 3;
  private static final int SHORTEST = 16;

  private final String value;

  private ApiKeyValue(String value) {
    this.value = value;
  }

  /** A new secret: {@code dtn_} and 64 lower-case hexadecimal digits. */
  public static ApiKeyValue generate(SecureRandom random) {
    byte[] bytes = new byte[RANDOM_BYTES];
    random.nextBytes(bytes);
    return new ApiKeyValue(PREFIX + HexFormat.of().formatHex(bytes));
  }

  /**
   * A secret chosen by an administrator.
   *
   * @throws IllegalArgumentException when it is shorter than 16 characters or holds anything but
   *     visible ASCII
   */
  public static ApiKeyValue chosen(String value) {
    if (value.length() < SHORTEST || !value.chars().allMatch(c -> c > ' ' && c < 0x7f)) {
      throw new IllegalArgumentException(
          "an API key has at least " + SHORTEST + " characters, all of them visible ASCII");
    }
    return new ApiKeyValue(value);
  }

  /** SHA-256 of a presented value in hexadecimal. */
  public static String hash(String presented) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      return HexFormat.of().formatHex(digest.digest(presented.getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** SHA-256 in hexadecimal. */
  public String hash() {
    return hash(value);
  }

  /** First characters, for display. */
  public String prefix() {
    return value.substring(0, SHOWN);
  }

  /** Last characters, for display. */
  public String suffix() {
    return value.substring(value.length() - SHOWN);
  }

  /** The secret itself: shown once, to its owner. */
  public String reveal() {
    return value;
  }

  /** Never shows the secret. */
  @Override
  public String toString() {
    return prefix() + "…" + suffix();
  }
}
