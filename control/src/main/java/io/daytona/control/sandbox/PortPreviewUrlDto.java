package io.daytona.control.sandbox;

/**
 * Where a port of a sandbox is reached.
 *
 * @param sandboxId the sandbox
 * @param url its URL
 * @param token preview token, valid until the next start
 */
public record PortPreviewUrlDto(String sandboxId, String url, String token) {
  /** Never shows the token. */
  @Override
  public String toString() {
    return "PortPreviewUrlDto[url=" + url + "]";
  }
}
