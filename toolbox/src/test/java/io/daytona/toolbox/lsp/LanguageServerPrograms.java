package io.daytona.toolbox.lsp;

import io.daytona.toolbox.SandboxPaths;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;

/** The language servers that the platform brings into sandboxes, by their lock files. */
final class LanguageServerPrograms {
  private static final Path LOCKS = Path.of("../images/tools").toAbsolutePath().normalize();
  private static final Path HOME = Path.of("target/lsp").toAbsolutePath();

  private LanguageServerPrograms() {}

  /** Where they are; installed when the lock files have changed. */
  static synchronized LspPrograms installed() throws IOException, InterruptedException {
    Path lock = LOCKS.resolve("python.lock");
    Path python = HOME.resolve("python");
    if (isStale(python, lock)) {
      // A pip of our own: version managers hang what they like on the one of the machine.
      Path tools = HOME.resolve("pip");
      run(List.of("python3", "-m", "venv", tools.toString()));
      run(
          List.of(
              tools.resolve("bin/python3").toString(),
              "-m",
              "pip",
              "install",
              "--quiet",
              "--disable-pip-version-check",
              "--root-user-action",
              "ignore",
              "--upgrade",
              "--no-deps",
              "--require-hashes",
              "--target",
              python.toString(),
              "--requirement",
              lock.toString()));
      Files.copy(lock, python.resolve("lock"), StandardCopyOption.REPLACE_EXISTING);
    }
    Path nodeLock = LOCKS.resolve("node/package-lock.json");
    Path node = HOME.resolve("node");
    if (isStale(node, nodeLock)) {
      Files.createDirectories(node);
      for (String name : List.of("package.json", "package-lock.json")) {
        Path from = LOCKS.resolve("node").resolve(name);
        Files.copy(from, node.resolve(name), StandardCopyOption.REPLACE_EXISTING);
      }
      run(
          List.of(
              "npm",
              "ci",
              "--silent",
              "--ignore-scripts",
              "--no-audit",
              "--no-fund",
              "--prefix",
              node.toString()));
      Files.copy(nodeLock, node.resolve("lock"), StandardCopyOption.REPLACE_EXISTING);
    }
    return new LspPrograms(python.toString(), SandboxPaths.join(node.toString(), "node_modules"));
  }

  private static boolean isStale(Path directory, Path lock) throws IOException {
    Path installed = directory.resolve("lock");
    return !Files.exists(installed) || Files.mismatch(installed, lock) >= 0;
  }

  private static void run(List<String> command) throws IOException, InterruptedException {
    if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
      throw new IOException("failed: " + String.join(" ", command));
    }
  }
}
