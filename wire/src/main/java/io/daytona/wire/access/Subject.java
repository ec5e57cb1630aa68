package io.daytona.wire.access;

/** What a request that was let in is about, for logs: ids only, nothing secret. */
public interface Subject {
  /** Id of the organization it speaks for. */
  String organizationId();

  /** Id of the sandbox it was let into; empty when that is not known yet. */
  default String sandboxId() {
    return "";
  }
}
