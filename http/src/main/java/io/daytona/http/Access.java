package io.daytona.http;

/** What a caller must have to use an endpoint. */
public sealed interface Access {
  /** Anybody. */
  Access PUBLIC = new Public();

  /** Any authenticated member of the resource's organization. */
  Access MEMBER = new Member();

  /** A member with a permission such as {@code write:sandboxes} (control-plane protocol §1.7). */
  static Access permission(String permission) {
    return new Permission(permission);
  }

  /** No authentication. */
  record Public() implements Access {}

  /** Authentication without a permission. */
  record Member() implements Access {}

  /**
   * Authentication and a permission.
   *
   * @param name wire name of the permission
   */
  record Permission(String name) implements Access {}
}
