package io.daytona.server.modules;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The table of modules in ARCHITECTURE.md: what each may use. */
final class ModuleTable {
  private static final Pattern ROW =
      Pattern.compile("^\\| `([a-z]+)` \\|[^|]*\\| ([^|]+) \\|$", Pattern.MULTILINE);

  private ModuleTable() {}

  /** Modules in the order of the table, each with the modules it may use. */
  static Map<String, Set<String>> read(Path root) throws IOException {
    Map<String, Set<String>> table = new LinkedHashMap<>();
    Matcher row = ROW.matcher(Files.readString(root.resolve("ARCHITECTURE.md")));
    while (row.find()) {
      Set<String> uses = new LinkedHashSet<>();
      String written = row.group(2).strip();
      if (written.equals("all above")) {
        uses.addAll(table.keySet());
      } else if (!written.equals("–")) {
        for (String used : written.split(",", -1)) {
          uses.add(used.strip());
        }
      }
      table.put(row.group(1), uses);
    }
    return table;
  }

  /** The checkout that these tests belong to. */
  static Path root() {
    Path directory = Path.of("").toAbsolutePath();
    while (!Files.exists(directory.resolve("ARCHITECTURE.md"))) {
      directory = directory.getParent();
      if (directory == null) {
        throw new IllegalStateException("no ARCHITECTURE.md above the working directory");
      }
    }
    return directory;
  }
}
