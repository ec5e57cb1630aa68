package io.daytona.server.postgres;

import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Properties;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tukaani.xz.XZInputStream;

/** The programs of PostgreSQL, unpacked once per version from the distribution's jar. */
public final class PostgresBinaries {
  private static final Logger LOG = LoggerFactory.getLogger(PostgresBinaries.class);
  static final String ARCHIVE = "/postgres-linux-x86_64.txz";
  private static final String VERSION = "/io/daytona/server/postgres/version.properties";

  private PostgresBinaries() {}

  /** Version of the PostgreSQL in the jar, such as {@code 18.6.0}. */
  public static String version() {
    Properties properties = new Properties();
    try (InputStream in = resource(VERSION)) {
      properties.load(in);
    } catch (IOException e) {
      throw new PostgresException("the distribution is incomplete: " + VERSION, e);
    }
    String version = properties.getProperty("postgres");
    if (version == null || !version.matches("\\d+(\\.\\d+)*")) {
      throw new PostgresException("the distribution names no PostgreSQL version", null);
    }
    return version;
  }

  /** Its major version, such as 18: releases that differ in it do not read each other's files. */
  static int major() {
    return major(version());
  }

  static int major(String version) {
    return Integer.parseInt(version.split("\\.", 2)[0]);
  }

  /**
   * Directory with {@code bin}, {@code lib} and {@code share}, unpacked below a directory named
   * after the version if it is not there; a half-unpacked one is never taken for a whole one.
   *
   * @param parent directory that holds versions
   */
  public static Path installed(Path parent) {
    return installed(parent, version(), () -> resource(ARCHIVE));
  }

  /** Where an archive comes from. */
  @FunctionalInterface
  interface Archive {
    InputStream open() throws IOException;
  }

  /** The same for a version that is not in the jar. */
  static Path installed(Path parent, String version, Archive archive) {
    Path home = parent.resolve(version);
    if (Files.isDirectory(home)) {
      return home;
    }
    long from = System.nanoTime();
    Path half = parent.resolve(version + ".tmp");
    try {
      Files.createDirectories(parent);
      delete(half);
      Files.createDirectory(half);
      try (InputStream in = new BufferedInputStream(archive.open(), 256 << 10)) {
        new TarReader(new XZInputStream(in)).unpack(half);
      }
      Files.move(half, home, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new PostgresException("PostgreSQL cannot be unpacked to " + home + ": " + e, e);
    }
    LOG.info("unpacked PostgreSQL {} in {} ms", version, (System.nanoTime() - from) / 1_000_000);
    return home;
  }

  /** Unpacks into a directory; part of making a distribution ready to run. */
  public static void main(String[] args) {
    if (args.length != 1) {
      throw new IllegalArgumentException("expected is a directory");
    }
    installed(Path.of(args[0]).toAbsolutePath());
  }

  private static InputStream resource(String name) throws IOException {
    InputStream in = PostgresBinaries.class.getResourceAsStream(name);
    if (in == null) {
      throw new IOException("no " + name + " on the class path");
    }
    return in;
  }

  private static void delete(Path root) throws IOException {
    if (!Files.exists(root)) {
      return;
    }
    Files.walkFileTree(
        root,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.delete(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
