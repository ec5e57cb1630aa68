package io.daytona.wire.access;

import org.jspecify.annotations.Nullable;

/**
 * What a request presented, in the order it is tried (toolbox protocol §1.8).
 *
 * @param bearer value of {@code Authorization: Bearer}
 * @param previewToken header {@code X-Daytona-Preview-Token}
 * @param authKey query {@code DAYTONA_SANDBOX_AUTH_KEY}
 */
public record Credentials(
    @Nullable String bearer, @Nullable String previewToken, @Nullable String authKey) {

  /** Whether nothing was presented. */
  public boolean isEmpty() {
    return bearer == null && previewToken == null && authKey == null;
  }

  /** Never shows the values. */
  @Override
  public String toString() {
    return "Credentials[bearer="
        + (bearer != null)
        + ", previewToken="
        + (previewToken != null)
        + ", authKey="
        + (authKey != null)
        + "]";
  }
}
