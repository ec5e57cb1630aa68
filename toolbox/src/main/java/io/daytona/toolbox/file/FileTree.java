package io.daytona.toolbox.file;

import io.daytona.toolbox.SandboxPaths;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.FileListing;
import io.daytona.toolbox.agent.FileStat;
import io.daytona.toolbox.agent.PathBytes;
import io.daytona.toolbox.fsutil.FileTool;
import io.daytona.toolbox.fsutil.FileToolRecords;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Lists directories: sorted by name, each followed by what it holds (toolbox protocol §6.2). Links
 * are described as what they lead to, but never descended into.
 */
final class FileTree {
  /** The tool gives many entries in a second; one that is stopped gives none. */
  private static final Duration SILENCE = Duration.ofMinutes(1);

  private static final int FIELDS = 8;
  private static final Comparator<FileStat> BY_NAME =
      Comparator.comparing(entry -> PathBytes.encode(entry.name()), Arrays::compareUnsigned);

  private final FileTool tool;

  FileTree(FileTool tool) {
    this.tool = tool;
  }

  /**
   * The entries down to a depth.
   *
   * @param depth levels, 1 for the directory's own entries
   * @param room what they may take
   * @throws AgentException when the directory itself cannot be listed
   */
  List<FileInfo> list(SandboxFile directory, int depth, ListingRoom room)
      throws InterruptedException {
    return depth == 1 ? children(directory, room) : descendants(directory, depth, room);
  }

  private static List<FileInfo> children(SandboxFile directory, ListingRoom room)
      throws InterruptedException {
    List<FileStat> entries = new ArrayList<>();
    String shown = SandboxPaths.clean(directory.absolute());
    try (FileListing listing = directory.agent().list(directory.absolute())) {
      for (FileStat entry = listing.next(); entry != null; entry = listing.next()) {
        // Links are followed, so one that is still a link leads nowhere.
        if (entry.type() != 'l') {
          room.take(shown.length() + 2L * entry.name().length());
          entries.add(entry);
        }
      }
    }
    entries.sort(BY_NAME);
    return entries.stream()
        .map(entry -> FileInfo.of(entry.name(), SandboxPaths.join(shown, entry.name()), entry))
        .toList();
  }

  private List<FileInfo> descendants(SandboxFile directory, int depth, ListingRoom room)
      throws InterruptedException {
    FoundPaths paths = new FoundPaths(directory.absolute(), directory.asked());
    List<FileInfo> found = new ArrayList<>();
    try (FileToolRecords records =
        tool.start(
            directory.agent(), FIELDS, "list", directory.absolute(), Integer.toString(depth))) {
      while (!records.ended()) {
        List<byte[]> record = records.next(SILENCE);
        if (record == null && !records.ended()) {
          throw DaytonaException.of(
              ErrorKind.GATEWAY_TIMEOUT, "The sandbox's file tool does not come to an end.");
        }
        if (record != null && !text(record, 2).equals("l")) {
          String path = paths.absolute(record.getFirst());
          String name = SandboxPaths.baseName(path);
          room.take((long) path.length() + name.length());
          found.add(FileInfo.of(name, path, stat(record)));
        }
      }
    }
    return found;
  }

  /** Path, own type, type behind links, mode, size, uid, gid, seconds.nanoseconds. */
  static FileStat stat(List<byte[]> record) {
    try {
      String[] time = text(record, 7).split("\\.", 2);
      long nanos =
          Math.addExact(
              Math.multiplyExact(Long.parseLong(time[0]), 1_000_000_000L), Long.parseLong(time[1]));
      return new FileStat(
          "",
          text(record, 2).charAt(0),
          Integer.parseInt(text(record, 3), 8),
          Long.parseLong(text(record, 4)),
          Long.parseLong(text(record, 5)),
          Long.parseLong(text(record, 6)),
          "",
          "",
          nanos,
          "");
    } catch (ArithmeticException | IllegalArgumentException | IndexOutOfBoundsException e) {
      throw DaytonaException.of(
          ErrorKind.BAD_GATEWAY, "The sandbox's file tool described a file in other words.", e);
    }
  }

  private static String text(List<byte[]> record, int field) {
    return new String(record.get(field), StandardCharsets.US_ASCII);
  }
}
