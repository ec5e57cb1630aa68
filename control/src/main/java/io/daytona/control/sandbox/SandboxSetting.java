package io.daytona.control.sandbox;

import java.util.Map;

/** A setting that a client changes on an existing sandbox. */
sealed interface SandboxSetting {
  /** All labels. */
  record Labels(Map<String, String> labels) implements SandboxSetting {}

  /** Whether previews need no credentials. */
  record Public(boolean value) implements SandboxSetting {}

  /** Minutes without activity until it is stopped. */
  record AutoStop(int minutes) implements SandboxSetting {}

  /** Minutes stopped until it is archived. */
  record AutoArchive(int minutes) implements SandboxSetting {}

  /** Minutes stopped until it is deleted. */
  record AutoDelete(int minutes) implements SandboxSetting {}

  /** It was used now. */
  record Used() implements SandboxSetting {}
}
