package io.daytona.runner.sandbox;

import io.daytona.runner.image.PreparedImages;
import io.daytona.wire.Ids;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.runner.SandboxSpec;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/** Refuses specifications that no sandbox can be made from. */
final class SpecCheck {
  private static final Pattern USER = Pattern.compile("[A-Za-z_][A-Za-z0-9_.-]{0,31}");
  private static final Set<String> PROFILES = Set.of("default", "restricted");
  private static final int MAX_LAYERS = 16;
  private static final int MAX_CPU = 1024;
  private static final int MAX_MEMORY_GIB = 16_384;
  private static final int MAX_DISK_GIB = 100;

  /** The agent takes requests of 256 KiB; the rest is for the platform's and the image's names. */
  private static final int MAX_ENVIRONMENT = 131_072;

  private static final int FIELD_HEADER = 6;

  private SpecCheck() {}

  /**
   * Checks everything that the jailer or the agent would refuse.
   *
   * @throws DaytonaException 400 with what is allowed
   */
  static void check(SandboxSpec spec) {
    require(Ids.isUuid(spec.id()), "a sandbox id is a UUID in lower case");
    require(
        !spec.layers().isEmpty()
            && spec.layers().size() <= MAX_LAYERS
            && spec.layers().stream().allMatch(PreparedImages::isLayer),
        "a sandbox has 1 to 16 layers, each 8 to 64 of a-z and 0-9");
    range("CPUs are", spec.cpu(), MAX_CPU);
    range("memory is", spec.memoryGib(), MAX_MEMORY_GIB);
    range("the disk is", spec.diskGib(), MAX_DISK_GIB);
    require(
        USER.matcher(spec.user()).matches(),
        "a user's name is 1 to 32 of letters, digits, _, . and -, beginning with a letter or _");
    require(PROFILES.contains(spec.profile()), "the profile is default or restricted");
    environment(spec.env());
  }

  private static void range(String what, int value, int max) {
    require(value >= 1 && value <= max, what + " 1 to " + max + ", not " + value);
  }

  private static void environment(Map<String, String> env) {
    long size = 0;
    for (Map.Entry<String, String> entry : env.entrySet()) {
      String key = entry.getKey();
      require(
          !key.isEmpty() && key.indexOf('=') < 0 && key.indexOf('\0') < 0,
          "a variable's name is not empty and holds neither = nor NUL");
      require(entry.getValue().indexOf('\0') < 0, "the value of " + key + " holds NUL");
      size += bytes(key) + bytes(entry.getValue()) + FIELD_HEADER;
    }
    require(
        size <= MAX_ENVIRONMENT,
        "the environment is larger than " + MAX_ENVIRONMENT / 1024 + " KiB");
  }

  private static int bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }

  private static void require(boolean holds, String sentence) {
    if (!holds) {
      throw DaytonaException.badRequest(sentence);
    }
  }
}
