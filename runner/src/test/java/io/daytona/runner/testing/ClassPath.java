package io.daytona.runner.testing;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.slf4j.LoggerFactory;

/**
 * The class path made independent of who may read it: a checkout or a Maven repository in a closed
 * home is out of reach for the user whom the tests act as.
 */
final class ClassPath {
  private ClassPath() {}

  /** Opens every jar and loads every class of a directory. */
  static void load() throws IOException {
    ClassLoader loader = ClassPath.class.getClassLoader();
    // A search that finds nothing opens every jar; open jars stay open.
    Collections.list(loader.getResources("no/such/resource"));
    LoggerFactory.getILoggerFactory();
    String entries =
        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
    for (String entry : entries.split(File.pathSeparator, -1)) {
      Path root = Path.of(entry);
      if (Files.isDirectory(root)) {
        load(root, loader);
      }
    }
  }

  private static void load(Path root, ClassLoader loader) throws IOException {
    List<Path> files;
    try (Stream<Path> walk = Files.walk(root)) {
      files = walk.filter(file -> file.toString().endsWith(".class")).toList();
    }
    for (Path file : files) {
      String name = root.relativize(file).toString().replace('/', '.');
      try {
        Class.forName(name.substring(0, name.length() - ".class".length()), false, loader);
      } catch (ClassNotFoundException e) {
        throw new IOException("class path entry " + root, e);
      }
    }
  }
}
