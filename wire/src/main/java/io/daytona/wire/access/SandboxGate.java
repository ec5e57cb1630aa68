package io.daytona.wire.access;

/** Decides who may reach a sandbox's toolbox, and hears that it was used. */
public interface SandboxGate {

  /**
   * Authorizes a request to the toolbox of a sandbox.
   *
   * @param sandbox id or name as the client wrote it
   * @param credentials what the client presented
   * @return the sandbox that is meant; it runs
   * @throws io.daytona.wire.error.DaytonaException 401 without valid credentials, 404 for unknown
   *     or foreign sandboxes, 400 when it is not started, 409 while it changes state
   */
  ToolboxTarget authorize(String sandbox, Credentials credentials);

  /**
   * Authorizes a request by the signature of its URL alone.
   *
   * @param sandbox id as the client wrote it
   * @param request what was signed
   * @return the sandbox that is meant; it runs
   * @throws io.daytona.wire.error.DaytonaException 401 when the signature is wrong or has expired,
   *     or the sandbox is unknown; 400 when it is not started, 409 while it changes state
   */
  ToolboxTarget authorizeSigned(String sandbox, SignedFileRequest request);

  /** Notes that a sandbox was used now; cheap, written in batches. */
  void touch(String sandboxId);

  /**
   * Where a toolbox request goes.
   *
   * @param sandboxId id of the sandbox
   * @param organizationId its organization, for logs
   */
  record ToolboxTarget(String sandboxId, String organizationId) implements Subject {}
}
