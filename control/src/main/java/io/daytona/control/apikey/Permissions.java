package io.daytona.control.apikey;

import java.util.List;

/** Wire names of permissions (control-plane protocol §1.7). */
public final class Permissions {
  /** Create and change sandboxes. */
  public static final String WRITE_SANDBOXES = "write:sandboxes";

  /** Delete sandboxes. */
  public static final String DELETE_SANDBOXES = "delete:sandboxes";

  /** Every permission there is. */
  public static final List<String> ALL =
      List.of(
          "write:registries",
          "delete:registries",
          "write:snapshots",
          "delete:snapshots",
          WRITE_SANDBOXES,
          DELETE_SANDBOXES,
          "read:volumes",
          "write:volumes",
          "delete:volumes",
          "write:regions",
          "delete:regions",
          "read:runners",
          "write:runners",
          "delete:runners",
          "read:audit_logs",
          "manage:api_keys",
          "manage:secrets",
          "read:limits",
          "manage:sso",
          "read:billing",
          "manage:billing");

  private Permissions() {}
}
