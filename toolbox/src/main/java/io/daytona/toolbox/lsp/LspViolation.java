package io.daytona.toolbox.lsp;

/** Output of a language server that cannot be or must not be understood. */
final class LspViolation extends Exception {
  private static final long serialVersionUID = 1L;

  /**
   * @param what continues the sentence "the server …"
   */
  LspViolation(String what) {
    super(what);
  }

  /**
   * @param what continues the sentence "the server …"
   */
  LspViolation(String what, Throwable cause) {
    super(what, cause);
  }
}
