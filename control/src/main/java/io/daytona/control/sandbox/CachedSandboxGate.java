package io.daytona.control.sandbox;

import io.daytona.control.apikey.ApiKeys;
import io.daytona.control.apikey.Principal;
import io.daytona.control.signing.SignedUrls;
import io.daytona.wire.access.Credentials;
import io.daytona.wire.access.SandboxGate;
import io.daytona.wire.access.SignedFileRequest;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Decides from memory who may reach a sandbox: a bearer key of its organization, else its preview
 * token in the header or the query (control-plane protocol §7.3).
 */
final class CachedSandboxGate implements SandboxGate {
  private final SandboxIndex index;
  private final ApiKeys keys;
  private final Activity activity;
  private final SignedUrls signed;

  CachedSandboxGate(SandboxIndex index, ApiKeys keys, Activity activity, SignedUrls signed) {
    this.index = index;
    this.keys = keys;
    this.activity = activity;
    this.signed = signed;
  }

  @Override
  public ToolboxTarget authorize(String sandbox, Credentials credentials) {
    String bearer = credentials.bearer();
    Optional<Principal> principal = bearer == null ? Optional.empty() : keys.principal(bearer);
    Optional<SandboxIndex.Entry> found = find(sandbox, principal);
    Optional<SandboxIndex.Entry> allowed =
        found.filter(entry -> member(entry, principal) || tokenHeld(entry, credentials));
    if (allowed.isPresent()) {
      return target(allowed.get());
    }
    if (principal.isPresent()) {
      throw DaytonaException.notFound("Sandbox with ID or name " + sandbox + " not found");
    }
    // The same for a sandbox that exists and one that does not: strangers learn nothing.
    throw DaytonaException.of(ErrorKind.UNAUTHORIZED, "Invalid credentials");
  }

  @Override
  public ToolboxTarget authorizeSigned(String sandbox, SignedFileRequest request) {
    SandboxIndex.Entry entry = find(sandbox, Optional.empty()).orElseThrow(SignedUrls::invalid);
    signed.verify(entry.id(), request);
    return target(entry);
  }

  @Override
  public void touch(String sandboxId) {
    activity.touch(sandboxId);
  }

  private Optional<SandboxIndex.Entry> find(String sandbox, Optional<Principal> principal) {
    String organization = principal.map(Principal::organizationId).orElse(null);
    return index.find(sandbox, organization).or(() -> index.find(sandbox.toLowerCase(Locale.ROOT)));
  }

  private static boolean member(SandboxIndex.Entry entry, Optional<Principal> principal) {
    return principal
        .map(Principal::organizationId)
        .filter(entry.organizationId()::equals)
        .isPresent();
  }

  private static boolean tokenHeld(SandboxIndex.Entry entry, Credentials credentials) {
    return same(entry.authToken(), credentials.previewToken())
        || same(entry.authToken(), credentials.authKey());
  }

  private static boolean same(String token, @Nullable String presented) {
    // Takes equally long wherever the first difference is.
    return presented != null
        && MessageDigest.isEqual(
            token.getBytes(StandardCharsets.UTF_8), presented.getBytes(StandardCharsets.UTF_8));
  }

  private static ToolboxTarget target(SandboxIndex.Entry entry) {
    return switch (entry.state()) {
      case STARTED -> new ToolboxTarget(entry.id(), entry.organizationId());
      case CREATING, STARTING, STOPPING ->
          throw DaytonaException.conflict(
              "Sandbox state change in progress (state: " + entry.state().wire() + ")");
      case DESTROYING ->
          throw DaytonaException.notFound("Sandbox with ID or name " + entry.id() + " not found");
      default ->
          throw DaytonaException.badRequest(
              // The reference's text, which clients look for (toolbox protocol §1.8).
              "no IP address found. Is the Sandbox started? (state: " + entry.state().wire() + ")");
    };
  }
}
