package io.daytona.control.signing;

import io.daytona.http.Access;
import io.daytona.http.Call;
import io.daytona.http.Endpoint;
import java.util.List;
import java.util.function.Function;

/** The signing key of a sandbox, for those who may write its files. */
public final class SigningKeyEndpoints {
  private static final Access ACCESS = Access.permission("write:sandboxes");

  private final SigningKeys keys;
  private final Function<Call<?>, Owner> sandboxes;

  /**
   * @param keys of all sandboxes
   * @param sandboxes finds the sandbox that the path of a call names; throws 404 for foreign ones
   */
  public SigningKeyEndpoints(SigningKeys keys, Function<Call<?>, Owner> sandboxes) {
    this.keys = keys;
    this.sandboxes = sandboxes;
  }

  /**
   * Whose key is asked for.
   *
   * @param sandboxId the sandbox
   * @param organizationId its organization
   */
  public record Owner(String sandboxId, String organizationId) {}

  /** The rows of the endpoint table. */
  public List<Endpoint<?, ?>> endpoints() {
    return List.of(
        Endpoint.get(
            "/sandbox/{sandboxId}/signing-key",
            "getSandboxSigningKey",
            "The key that file URLs of a sandbox are signed with",
            ACCESS,
            String.class,
            call -> {
              Owner owner = sandboxes.apply(call);
              return keys.require(owner.sandboxId(), owner.organizationId());
            }),
        Endpoint.post(
            "/sandbox/{sandboxId}/signing-key/rotate",
            "rotateSigningKey",
            "Replaces the signing key, which ends all URLs signed before",
            ACCESS,
            Void.class,
            String.class,
            200,
            call -> {
              Owner owner = sandboxes.apply(call);
              return keys.rotate(owner.sandboxId(), owner.organizationId());
            }));
  }
}
