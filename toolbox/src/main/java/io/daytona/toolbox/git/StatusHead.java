package io.daytona.toolbox.git;

import org.jspecify.annotations.Nullable;

/**
 * What {@code git status --porcelain=v2 --branch} says before it lists files.
 *
 * @param branch short name, also before the first commit; HEAD when detached
 * @param detached whether HEAD is no branch
 * @param upstream short name such as {@code origin/main}; empty when none is configured
 * @param ahead commits that the upstream does not have
 * @param behind commits that only the upstream has
 * @param firstEntry the first file; null when there is none
 */
record StatusHead(
    String branch,
    boolean detached,
    String upstream,
    int ahead,
    int behind,
    @Nullable String firstEntry) {

  /** Reads records up to the first file. */
  static StatusHead read(Source records) throws InterruptedException {
    String branch = "HEAD";
    boolean detached = false;
    String upstream = "";
    int ahead = 0;
    int behind = 0;
    String line = records.next();
    for (; line != null && line.startsWith("# "); line = records.next()) {
      String[] words = line.split(" ", 3);
      String value = words.length < 3 ? "" : words[2];
      switch (words[1]) {
        case "branch.head" -> {
          detached = value.equals("(detached)");
          branch = detached ? "HEAD" : value;
        }
        case "branch.upstream" -> upstream = value;
        case "branch.ab" -> {
          String[] counts = value.split(" ", 2);
          ahead = count(counts[0], '+');
          behind = counts.length < 2 ? 0 : count(counts[1], '-');
        }
        default -> {}
      }
    }
    return new StatusHead(branch, detached, upstream, ahead, behind, line);
  }

  private static int count(String text, char sign) {
    boolean number = text.matches("[+-]\\d{1,9}") && text.charAt(0) == sign;
    return number ? Integer.parseInt(text.substring(1)) : 0;
  }

  /** Gives records, null at the end. */
  @FunctionalInterface
  interface Source {
    /** The next record. */
    @Nullable String next() throws InterruptedException;
  }
}
