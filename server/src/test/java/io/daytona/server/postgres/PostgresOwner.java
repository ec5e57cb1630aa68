package io.daytona.server.postgres;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** A process that owns an embedded PostgreSQL until it is killed. */
final class PostgresOwner {
  private PostgresOwner() {}

  /** Arguments: programs, root, log, command prefix… */
  public static void main(String[] arguments) throws InterruptedException {
    List<String> prefix = List.of(arguments).subList(3, arguments.length);
    EmbeddedPostgres postgres =
        EmbeddedPostgres.start(
            Path.of(arguments[0]), Path.of(arguments[1]), Path.of(arguments[2]), prefix);
    System.out.println("pid=" + postgres.pid());
    new CountDownLatch(1).await();
  }
}
