package io.daytona.server.postgres;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Set;

/**
 * Unpacks a ustar archive of directories, regular files and symbolic links. The archive is part of
 * the distribution, so anything else in it is a mistake and refused.
 */
final class TarReader {
  private static final int BLOCK = 512;

  private final InputStream in;
  private final byte[] header = new byte[BLOCK];
  private final byte[] buffer = new byte[64 << 10];

  TarReader(InputStream in) {
    this.in = in;
  }

  /** Unpacks everything into an empty directory. */
  void unpack(Path root) throws IOException {
    while (in.readNBytes(header, 0, BLOCK) == BLOCK && header[0] != 0) {
      String prefix = text(345, 155);
      String name = (prefix.isEmpty() ? "" : prefix + "/") + text(0, 100);
      Path path = root.resolve(name).normalize();
      if (!path.startsWith(root)) {
        throw new IOException("the archive holds a path outside of itself: " + name);
      }
      Path parent = path.getParent();
      if (parent != null) {
        Files.createDirectories(parent);
      }
      long size = octal(124, 12);
      switch (header[156]) {
        case '0', 0 -> file(path, size);
        case '5' -> Files.createDirectories(path);
        case '2' -> Files.createSymbolicLink(path, Path.of(text(157, 100)));
        default -> throw new IOException("unexpected entry of type " + header[156] + ": " + name);
      }
    }
  }

  private void file(Path path, long size) throws IOException {
    try (var out = Files.newOutputStream(path)) {
      for (long left = size; left > 0; ) {
        int n = in.read(buffer, 0, (int) Math.min(left, buffer.length));
        if (n < 0) {
          throw new EOFException("the archive ends within " + path);
        }
        out.write(buffer, 0, n);
        left -= n;
      }
    }
    in.skipNBytes((BLOCK - size % BLOCK) % BLOCK);
    if ((octal(100, 8) & 0111) != 0) {
      Set<PosixFilePermission> executable = EnumSet.copyOf(Files.getPosixFilePermissions(path));
      executable.add(PosixFilePermission.OWNER_EXECUTE);
      executable.add(PosixFilePermission.GROUP_EXECUTE);
      executable.add(PosixFilePermission.OTHERS_EXECUTE);
      Files.setPosixFilePermissions(path, executable);
    }
  }

  private String text(int at, int length) {
    int end = at;
    while (end < at + length && header[end] != 0) {
      end++;
    }
    return new String(header, at, end - at, StandardCharsets.UTF_8);
  }

  private long octal(int at, int length) throws IOException {
    String digits = text(at, length).strip();
    try {
      return digits.isEmpty() ? 0 : Long.parseLong(digits, 8);
    } catch (NumberFormatException e) {
      throw new IOException("the archive is damaged: size " + digits, e);
    }
  }
}
