package io.daytona.toolbox.file;

import io.daytona.toolbox.agent.FileStat;
import io.daytona.toolbox.agent.PathBytes;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/**
 * A file or directory as clients see it (toolbox protocol §6.2); every key is always present.
 *
 * @param name base name
 * @param isDir whether it is a directory
 * @param size bytes
 * @param modTime time in the layout that old clients know: {@code 2026-11-21 10:46:00.5 +0000 UTC}
 * @param modifiedAt RFC 3339 with nanoseconds
 * @param mode type and permissions, such as {@code drwxr-xr-x}
 * @param permissions four octal digits of the nine permission bits
 * @param owner numeric id of the owner, as text
 * @param group numeric id of the group, as text
 * @param path full path
 */
public record FileInfo(
    String name,
    boolean isDir,
    long size,
    String modTime,
    String modifiedAt,
    String mode,
    String permissions,
    String owner,
    String group,
    String path) {

  private static final DateTimeFormatter SECONDS =
      DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss", Locale.ROOT).withZone(ZoneOffset.UTC);
  private static final DateTimeFormatter RFC_3339_SECONDS =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss", Locale.ROOT).withZone(ZoneOffset.UTC);
  private static final long NANOS = 1_000_000_000L;

  /** Describes an entry under a name and path. */
  static FileInfo of(String name, String path, FileStat stat) {
    Instant modified = modified(stat);
    String fraction = fraction(Math.floorMod(stat.mtimeNanos(), NANOS));
    return new FileInfo(
        PathBytes.shown(name),
        stat.isDirectory(),
        stat.size(),
        SECONDS.format(modified) + fraction + " +0000 UTC",
        RFC_3339_SECONDS.format(modified) + fraction + "Z",
        mode(stat.type(), stat.mode()),
        String.format(Locale.ROOT, "%04o", stat.mode() & 0777),
        Long.toString(stat.uid()),
        Long.toString(stat.gid()),
        PathBytes.shown(path));
  }

  /** When it was modified. */
  static Instant modified(FileStat stat) {
    return Instant.ofEpochSecond(
        Math.floorDiv(stat.mtimeNanos(), NANOS), Math.floorMod(stat.mtimeNanos(), NANOS));
  }

  private static String fraction(long nanos) {
    if (nanos == 0) {
      return "";
    }
    String digits = String.format(Locale.ROOT, "%09d", nanos);
    int end = digits.length();
    while (digits.charAt(end - 1) == '0') {
      end--;
    }
    return "." + digits.substring(0, end);
  }

  /** Letters for type and special bits, then nine for the permissions. */
  static String mode(char type, int mode) {
    StringBuilder text = new StringBuilder(13);
    switch (type) {
      case 'd' -> text.append('d');
      case 'l' -> text.append('L');
      case 'b' -> text.append('D');
      case 'c' -> text.append('D');
      case 'p' -> text.append('p');
      case 's' -> text.append('S');
      default -> {}
    }
    if ((mode & 04000) != 0) {
      text.append('u');
    }
    if ((mode & 02000) != 0) {
      text.append('g');
    }
    if (type == 'c') {
      text.append('c');
    }
    if ((mode & 01000) != 0) {
      text.append('t');
    }
    if (text.isEmpty()) {
      text.append('-');
    }
    String letters = "rwxrwxrwx";
    for (int bit = 0; bit < letters.length(); bit++) {
      text.append((mode & (0400 >> bit)) != 0 ? letters.charAt(bit) : '-');
    }
    return text.toString();
  }
}
