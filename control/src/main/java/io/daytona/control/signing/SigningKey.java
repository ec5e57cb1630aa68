package io.daytona.control.signing;

/**
 * A key that file URLs of a sandbox are signed with.
 *
 * @param value the secret; empty when the sandbox has none yet
 * @param version 1 for the first, more with every rotation; 0 when there is none
 */
record SigningKey(String value, long version) {
  static final SigningKey NONE = new SigningKey("", 0);

  /** Never shows the value. */
  @Override
  public String toString() {
    return "SigningKey[version=" + version + "]";
  }
}
