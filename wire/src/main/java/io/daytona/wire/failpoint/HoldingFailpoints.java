package io.daytona.wire.failpoint;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;

/** Holds threads where the files of a directory say so. */
final class HoldingFailpoints implements Failpoints {
  private static final Duration LOOK_AGAIN = Duration.ofMillis(5);

  private final Path directory;

  HoldingFailpoints(Path directory) {
    this.directory = directory;
  }

  @Override
  public void pass(String name) {
    Path reached = directory.resolve(name + ".reached");
    try {
      Files.move(directory.resolve(name), reached, StandardCopyOption.ATOMIC_MOVE);
      while (Files.exists(reached)) {
        Thread.sleep(LOOK_AGAIN);
      }
    } catch (NoSuchFileException e) {
      return; // not armed
    } catch (IOException e) {
      throw new UncheckedIOException("failpoint " + name, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
