package io.daytona.toolbox;

/** Ids that clients choose for what they create. */
public final class ChosenIds {
  private ChosenIds() {}

  /**
   * Whether the path of a later request can name the id: what has NUL or half of a surrogate pair
   * in its id could be created, and never be deleted.
   */
  public static boolean canBeNamed(String id) {
    return id.codePoints()
        .noneMatch(c -> c == 0 || (c >= Character.MIN_SURROGATE && c <= Character.MAX_SURROGATE));
  }
}
