package io.daytona.control.sandbox;

import java.util.Optional;

/**
 * Snapshots that users of the hosted service know and a host for containers cannot run
 * (control-plane protocol §5.3): they are told why instead of "not found".
 */
final class HostedSnapshots {
  private HostedSnapshots() {}

  /** The class of sandboxes that a well-known snapshot is for. */
  static Optional<String> sandboxClass(String name) {
    if (name.equals("daytona-gpu")) {
      return Optional.of("gpu");
    }
    if (name.equals("windows") || name.startsWith("windows-")) {
      return Optional.of("windows");
    }
    if (name.startsWith("android-")) {
      return Optional.of("android");
    }
    return name.startsWith("linux-vm") || name.startsWith("daytona-vm")
        ? Optional.of("linux-vm")
        : Optional.empty();
  }
}
