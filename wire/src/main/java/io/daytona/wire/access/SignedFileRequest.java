package io.daytona.wire.access;

/**
 * A request for one file whose URL was signed (toolbox protocol §1.9).
 *
 * @param method HTTP method in upper case
 * @param path path of the file as the signer wrote it
 * @param expires Unix seconds as sent; {@code 0} means never
 * @param signature signature as sent
 */
public record SignedFileRequest(String method, String path, String expires, String signature) {
  /** Never shows the signature, which lets anybody in. */
  @Override
  public String toString() {
    return "SignedFileRequest[method=" + method + ", expires=" + expires + "]";
  }
}
