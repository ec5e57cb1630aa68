package io.daytona.server.modules;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Java sources and the packages of ours that they name. */
final class Sources {
  private static final Pattern COMMENT = Pattern.compile("(?s)/\\*.*?\\*/|//[^\\n]*");
  private static final Pattern PACKAGE = Pattern.compile("(?m)^package ([a-z.]+);");
  private static final Pattern NAMED = Pattern.compile("\\bio\\.daytona(?:\\.[a-z][a-z0-9]*)+");

  private Sources() {}

  /**
   * One file.
   *
   * @param path where it is
   * @param inPackage its package
   * @param named packages of ours that it imports or names in full, its own left out
   */
  record Source(Path path, String inPackage, Set<String> named) {}

  /** All files below a directory; none when it does not exist. */
  static List<Source> below(Path directory) throws IOException {
    List<Source> sources = new ArrayList<>();
    if (!Files.isDirectory(directory)) {
      return sources;
    }
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
        sources.add(read(file));
      }
    }
    return sources;
  }

  private static Source read(Path file) throws IOException {
    String code = COMMENT.matcher(Files.readString(file)).replaceAll(" ");
    Matcher declared = PACKAGE.matcher(code);
    if (!declared.find()) {
      throw new IOException(file + " declares no package");
    }
    Set<String> named = new TreeSet<>();
    Matcher found = NAMED.matcher(code);
    while (found.find()) {
      named.add(found.group());
    }
    named.remove(declared.group(1));
    return new Source(file, declared.group(1), named);
  }

  /** The module of a package: the part after {@code io.daytona}. */
  static String module(String inPackage) {
    return inPackage.split("\\.", -1)[2];
  }
}
