package io.daytona.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.runner.RunnerConfig;
import io.daytona.server.config.ConfigBinder;
import io.daytona.server.config.ConfigException;
import io.daytona.server.config.Settings;
import io.daytona.server.config.SettingsFile;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Lines of a configuration file. */
public final class ConfigParsersTest {
  /** Valid inputs, in ISO 8859-1. */
  public static final List<String> SEEDS =
      List.of(
          "# ports\nDAYTONA_SERVER_RUNNER_SHELF=3:16,8:4\nDAYTONA_SERVER_RUNNER_STOP_GRACE = 5s\n\n",
          "DAYTONA_SERVER_RUNNER_READY_SLOTS=0\n DAYTONA_SERVER_RUNNER_DATA_DIRECTORY=/x");

  private static final String SHELF = "DAYTONA_SERVER_RUNNER_SHELF";
  private static final Settings SETTINGS = Settings.of(List.of(RunnerConfig.class));

  /** The entry point of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] input) {
    accepts(input);
  }

  static boolean accepts(byte[] input) {
    List<String> lines = new String(input, StandardCharsets.UTF_8).lines().toList();
    try {
      Map<String, String> values = SettingsFile.parse(lines, "file");
      RunnerConfig config =
          new ConfigBinder(SETTINGS.with(values, "file", false)).bind(RunnerConfig.class);
      assertTrue(config.shelfTargets().values().stream().allMatch(count -> count >= 0), "a count");
      String set = values.getOrDefault(SHELF, "");
      assertEquals(set.isEmpty() ? config.shelf() : set, config.shelf(), "another value");
      return !values.isEmpty();
    } catch (ConfigException e) {
      return false;
    }
  }

  @Test
  void seedsAreAccepted() {
    for (String seed : SEEDS) {
      assertTrue(accepts(seed.getBytes(StandardCharsets.ISO_8859_1)), seed);
    }
  }
}
