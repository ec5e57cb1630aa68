package io.daytona.server;

import io.daytona.runner.RunnerConfig;
import io.daytona.runner.jailer.JailerClient;
import io.daytona.runner.jailer.JailerException;
import io.daytona.server.backup.Backup;
import io.daytona.server.config.ConfigException;
import io.daytona.server.config.Settings;
import io.daytona.server.postgres.DatabaseCopy;
import io.daytona.server.postgres.PostgresException;
import io.daytona.wire.error.DaytonaException;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The server process: one platform, from start to SIGTERM. */
public final class Main {
  private static final Logger LOG = LoggerFactory.getLogger(Main.class);
  private static final int USAGE_ERROR = 2;
  private static final int START_FAILED = 1;

  private Main() {}

  /** Starts the platform and ends with it. */
  public static void main(String[] arguments) throws InterruptedException {
    int status = run(List.of(arguments), System.getenv(), System.out, System.err);
    if (status != 0) {
      System.exit(status);
    }
  }

  /** Everything but ending the process; returns its exit status. */
  static int run(
      List<String> arguments, Map<String, String> environment, PrintStream out, PrintStream err)
      throws InterruptedException {
    try {
      Options options = Options.parse(arguments);
      if (options.help()) {
        out.print(Options.USAGE);
        return 0;
      }
      Settings settings = Configuration.settings(environment, options.config(), options.dataDir());
      if (options.printConfig()) {
        Configuration.of(settings, Configuration.server(settings).proxyPort());
        settings.print(out);
        return 0;
      }
      refuseRoot();
      if (options.train()) {
        TrainingRun.run(settings);
        return 0;
      }
      if (options.backup() != null) {
        backup(settings, options.backup(), out);
        return 0;
      }
      if (options.restore() != null) {
        restore(settings, options.restore());
        return 0;
      }
      serve(settings);
      return 0;
    } catch (ConfigException e) {
      err.println(e.getMessage());
      return USAGE_ERROR;
    } catch (StartException | PostgresException | DaytonaException e) {
      LOG.error("the server does not start: {}", e.getMessage(), e.getCause());
      return START_FAILED;
    } catch (RuntimeException e) {
      LOG.error("the server does not start", e);
      return START_FAILED;
    }
  }

  private static void backup(Settings settings, Path directory, PrintStream out)
      throws InterruptedException {
    ServerConfig server = Configuration.server(settings);
    RunnerConfig runner = Configuration.of(settings, server.proxyPort()).runner();
    try (DatabasePart database = DatabasePart.join(server);
        JailerClient jailer = new JailerClient(runner.jailerSocket(), runner.jailerPatience())) {
      new Backup(database.pool(), jailer).run(directory, System.in, out);
    } catch (SQLException | IOException e) {
      throw new StartException("the backup failed: " + e.getMessage(), e);
    } catch (JailerException e) {
      throw new StartException("the jailer refused: " + e.getMessage(), e);
    }
  }

  private static void restore(Settings settings, Path rows) {
    try (DatabasePart database = DatabasePart.open(Configuration.server(settings));
        InputStream in = new BufferedInputStream(Files.newInputStream(rows))) {
      DatabaseCopy.read(in, database.pool());
    } catch (SQLException | IOException e) {
      throw new StartException("the database was not restored: " + e.getMessage(), e);
    }
  }

  private static void serve(Settings settings) throws InterruptedException {
    Platform platform = Platform.start(settings, HostPart::open);
    CountDownLatch stopped = new CountDownLatch(1);
    Runtime.getRuntime()
        .addShutdownHook(
            Thread.ofPlatform()
                .name("shutdown")
                .unstarted(() -> {
                  platform.close();
                  stopped.countDown();
                }));
    Signals.terminate(platform::hurry);
    stopped.await();
  }

  /** What parses hostile input has no power to lose. */
  private static void refuseRoot() {
    try (Stream<String> status = Files.lines(Path.of("/proc/self/status"))) {
      // Real, effective, saved and file system uid.
      if (status.anyMatch(line -> line.matches("Uid:.*\\s0(\\s.*)?"))) {
        throw new StartException(
            "the server does not run as root; the supervisor starts it as the user daytona", null);
      }
    } catch (IOException e) {
      throw new StartException("/proc is not mounted: " + e.getMessage(), e);
    }
  }
}
