package io.daytona.toolbox.agent;

/**
 * One entry of a sandbox's file system.
 *
 * @param name name in its directory, every byte of it ({@link PathBytes}); empty from {@link
 *     Agent#stat}
 * @param type {@code f d l p s b c} as in find(1)
 * @param mode twelve permission bits
 * @param size bytes
 * @param uid numeric owner inside
 * @param gid numeric group inside
 * @param owner owner's name, or the number as text
 * @param group group's name, or the number as text
 * @param mtimeNanos modification time in nanoseconds since 1970
 * @param target target of a symbolic link, empty otherwise
 */
public record FileStat(
    String name,
    char type,
    int mode,
    long size,
    long uid,
    long gid,
    String owner,
    String group,
    long mtimeNanos,
    String target) {

  /** Whether it is a directory. */
  public boolean isDirectory() {
    return type == 'd';
  }
}
