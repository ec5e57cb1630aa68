package io.daytona.server;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * What makes a server the only one of its data directory: a lock that the kernel takes away with
 * the process, however that ends.
 */
final class DataDirectoryLock implements AutoCloseable {
  private final FileChannel file;

  private DataDirectoryLock(FileChannel file) {
    this.file = file;
  }

  /**
   * Takes it.
   *
   * @throws StartException when another server has it, with that one's pid
   */
  static DataDirectoryLock take(Path dataDir) throws IOException {
    Path path = Files.createDirectories(dataDir.resolve("runner")).resolve("server.lock");
    FileChannel file =
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    try {
      if (file.tryLock() != null) {
        file.truncate(0);
        file.write(
            ByteBuffer.wrap(
                Long.toString(ProcessHandle.current().pid()).getBytes(StandardCharsets.US_ASCII)));
        return new DataDirectoryLock(file);
      }
    } catch (OverlappingFileLockException e) {
      throw refusal(dataDir, file, e);
    } catch (IOException e) {
      file.close();
      throw e;
    }
    throw refusal(dataDir, file, null);
  }

  private static StartException refusal(Path dataDir, FileChannel file, @Nullable Exception cause)
      throws IOException {
    try (file) {
      ByteBuffer holder = ByteBuffer.allocate(20);
      file.read(holder, 0);
      String pid = new String(holder.array(), 0, holder.position(), StandardCharsets.US_ASCII);
      return new StartException(
          ("another server, pid %s, serves %s: stop it with ./daytona down --data-dir %s, or give"
                  + " this one a directory of its own with --data-dir")
              .formatted(pid, dataDir, dataDir),
          cause);
    }
  }

  /** Lets the next one in. */
  @Override
  public void close() throws IOException {
    file.close();
  }
}
