package io.daytona.toolbox.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** ts-node and typescript, which a sandbox's image has and this host need not have. */
final class TypeScript {
  private TypeScript() {}

  /** A {@code node_modules} directory with both, installed once. */
  static Path modules() throws IOException, InterruptedException {
    Path home = Path.of("target/ts-node").toAbsolutePath();
    Path modules = home.resolve("node_modules");
    if (!Files.exists(modules.resolve(".bin/ts-node"))) {
      Files.createDirectories(home);
      Process npm =
          new ProcessBuilder(
                  "npm",
                  "install",
                  "--silent",
                  "--no-audit",
                  "--no-fund",
                  "--prefix",
                  home.toString(),
                  "ts-node@10.9.2",
                  "typescript@5.9.3",
                  "@types/node@22.19.0")
              .inheritIO()
              .start();
      if (npm.waitFor() != 0) {
        throw new IOException("npm could not install ts-node");
      }
    }
    return modules;
  }
}
