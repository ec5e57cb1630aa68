package io.daytona.toolbox.file;

import io.daytona.toolbox.SandboxPaths;
import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.FileListing;
import io.daytona.toolbox.agent.FileStat;
import io.daytona.toolbox.error.ToolboxError;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** Lists directories: sorted by name, each followed by what it holds (toolbox protocol §6.2). */
final class FileTree {
  /** A reply is built in memory, so a directory of millions of files must not be listed whole. */
  static final int MAX_ENTRIES = 100_000;

  private FileTree() {}

  /**
   * The entries down to a depth.
   *
   * @param depth levels, 1 for the directory's own entries
   * @throws AgentException when the directory itself cannot be listed
   */
  static List<FileInfo> list(SandboxFile directory, int depth) throws InterruptedException {
    List<FileInfo> found = new ArrayList<>();
    String shown = SandboxPaths.clean(directory.absolute());
    add(directory.agent(), directory.absolute(), shown, depth, found);
    return found;
  }

  private static void add(Agent agent, String path, String shown, int depth, List<FileInfo> found)
      throws InterruptedException {
    for (FileStat entry : entries(agent, path, found.size())) {
      if (found.size() == MAX_ENTRIES) {
        throw tooMany();
      }
      String entryPath = SandboxPaths.join(path, entry.name());
      String entryShown = SandboxPaths.join(shown, entry.name());
      found.add(FileInfo.of(entry.name(), entryShown, entry));
      if (depth > 1 && entry.isDirectory()) {
        addBelow(agent, entryPath, entryShown, depth - 1, found);
      }
    }
  }

  /** What may not be read below the directory asked for is left out, like a dangling link. */
  private static void addBelow(
      Agent agent, String path, String shown, int depth, List<FileInfo> found)
      throws InterruptedException {
    try {
      add(agent, path, shown, depth, found);
    } catch (AgentException e) {
      if (e.errno() == 0) {
        throw e;
      }
    }
  }

  private static List<FileStat> entries(Agent agent, String path, int already)
      throws InterruptedException {
    List<FileStat> entries = new ArrayList<>();
    try (FileListing listing = agent.list(path)) {
      for (FileStat entry = listing.next(); entry != null; entry = listing.next()) {
        // Links are followed, so one that is still a link leads nowhere.
        if (entry.type() != 'l') {
          entries.add(entry);
        }
        if (already + entries.size() > MAX_ENTRIES) {
          throw tooMany();
        }
      }
    }
    entries.sort(Comparator.comparing(FileStat::name));
    return entries;
  }

  private static RuntimeException tooMany() {
    return ToolboxError.badRequest(
        "more than " + MAX_ENTRIES + " entries; list a directory below or use a smaller depth");
  }
}
