package io.daytona.toolbox.lsp;

import io.daytona.toolbox.SandboxPaths;
import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.FileListing;
import io.daytona.toolbox.agent.FileStat;
import io.daytona.toolbox.error.AgentErrors;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;

/** Looks for a source file in a project, nearest to its root first, in a bounded part of it. */
final class ProjectSources {
  private static final int MAX_DIRECTORIES = 200;
  private static final int MAX_ENTRIES = 2000;

  private final Agent agent;
  private final Language language;
  private final Deque<String> directories = new ArrayDeque<>();

  private ProjectSources(Agent agent, Language language) {
    this.agent = agent;
    this.language = language;
  }

  /** The path of a source file; empty when none is found. */
  static Optional<String> any(Agent agent, Language language, String root)
      throws InterruptedException {
    return new ProjectSources(agent, language).search(root);
  }

  private Optional<String> search(String root) throws InterruptedException {
    directories.add(root);
    for (int i = 0; i < MAX_DIRECTORIES && !directories.isEmpty(); i++) {
      Optional<String> found = in(directories.remove());
      if (found.isPresent()) {
        return found;
      }
    }
    return Optional.empty();
  }

  private Optional<String> in(String directory) throws InterruptedException {
    try (FileListing listing = agent.list(directory)) {
      for (int i = 0; i < MAX_ENTRIES; i++) {
        FileStat entry = listing.next();
        if (entry == null) {
          break;
        }
        String path = SandboxPaths.join(directory, entry.name());
        if (entry.type() == 'f' && language.isSource(entry.name())) {
          return Optional.of(path);
        }
        if (entry.isDirectory() && isOwn(entry.name()) && directories.size() < MAX_DIRECTORIES) {
          directories.add(path);
        }
      }
      return Optional.empty();
    } catch (AgentException e) {
      if (AgentErrors.isUnavailable(e)) {
        throw e;
      }
      // A directory that cannot be read holds nothing for the server either.
      return Optional.empty();
    }
  }

  private static boolean isOwn(String name) {
    return !name.startsWith(".") && !name.equals("node_modules");
  }
}
