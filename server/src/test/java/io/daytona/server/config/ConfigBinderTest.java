package io.daytona.server.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.wire.config.Config;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigBinderTest {
  enum Colour {
    RED,
    GREEN
  }

  @Config(prefix = "DEMO")
  record Demo(
      @Config.Key(value = "A text", fallback = "x") String someText,
      @Config.Key(value = "A number", fallback = "7") int count,
      @Config.Key(value = "A time", fallback = "2m") Duration patience,
      @Config.Key(value = "A path", fallback = "/tmp/a") Path where,
      @Config.Key(value = "A switch", fallback = "false") boolean on,
      @Config.Key(value = "A choice", fallback = "red") Colour colour,
      @Config.Key(value = "A list", fallback = "a,b") List<String> names,
      @Config.Key(value = "Maybe", fallback = "<none>") Optional<String> maybe,
      @Config.Key(value = "A key", fallback = "<none>", secret = true) Optional<Integer> key) {

    Demo {
      if (count > 100) {
        throw new IllegalArgumentException("count is " + count + ", allowed are up to 100");
      }
    }
  }

  @Config(prefix = "")
  record Needed(@Config.Key(value = "Needed", fallback = "<required>") String mustBeSet) {}

  private static Settings settings() {
    return Settings.of(List.of(Demo.class));
  }

  private static Demo bind(Map<String, String> environment) {
    return new ConfigBinder(settings().with(environment, "environment", true)).bind(Demo.class);
  }

  private static String refusal(Map<String, String> environment) {
    return String.valueOf(
        assertThrows(ConfigException.class, () -> bind(environment)).getMessage());
  }

  @Test
  void fallbacksHoldWhenNothingIsSet() {
    assertEquals(
        new Demo(
            "x",
            7,
            Duration.ofMinutes(2),
            Path.of("/tmp/a"),
            false,
            Colour.RED,
            List.of("a", "b"),
            Optional.empty(),
            Optional.empty()),
        bind(Map.of("PATH", "/bin", "DAYTONA_SERVER_URL", "http://old")));
  }

  @Test
  void valuesAreParsed() {
    assertEquals(
        new Demo(
            "a=b c",
            -3,
            Duration.ofMillis(250),
            Path.of("/x"),
            true,
            Colour.GREEN,
            List.of("one", "two"),
            Optional.of("m"),
            Optional.of(9)),
        bind(
            Map.of(
                "DAYTONA_SERVER_DEMO_SOME_TEXT", "a=b c",
                "DAYTONA_SERVER_DEMO_COUNT", "-3",
                "DAYTONA_SERVER_DEMO_PATIENCE", "250ms",
                "DAYTONA_SERVER_DEMO_WHERE", "/x",
                "DAYTONA_SERVER_DEMO_ON", "true",
                "DAYTONA_SERVER_DEMO_COLOUR", "Green",
                "DAYTONA_SERVER_DEMO_NAMES", " one, ,two",
                "DAYTONA_SERVER_DEMO_MAYBE", "m",
                "DAYTONA_SERVER_DEMO_KEY", "9")));
  }

  @Test
  void anEmptyValueIsNoValue() {
    assertEquals(7, bind(Map.of("DAYTONA_SERVER_DEMO_COUNT", "")).count());
    assertEquals(Optional.empty(), bind(Map.of("DAYTONA_SERVER_DEMO_MAYBE", "")).maybe());
  }

  @ParameterizedTest
  @CsvSource({
    "DAYTONA_SERVER_DEMO_CUONT, DAYTONA_SERVER_DEMO_COUNT",
    "DAYTONA_SERVER_SOME_TEXT, DAYTONA_SERVER_DEMO_SOME_TEXT",
    "DAYTONA_SERVER_DEMO_COLOR, DAYTONA_SERVER_DEMO_COLOUR",
  })
  void unknownKeysNameTheNearestKnownOne(String unknown, String nearest) {
    String message = refusal(Map.of(unknown, "1"));
    assertEquals(
        "unknown key " + unknown + " (environment); the nearest known one is " + nearest, message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "COUNT | ten | DAYTONA_SERVER_DEMO_COUNT=ten is not a whole number (A number)",
        "PATIENCE | 5 | DAYTONA_SERVER_DEMO_PATIENCE=5 is not a duration such as 500ms, 30s, 5m, 2h or 1d (A time)",
        "PATIENCE | 999999999999999999d | DAYTONA_SERVER_DEMO_PATIENCE=999999999999999999d is not a duration such as 500ms, 30s, 5m, 2h or 1d (A time)",
        "ON | yes | DAYTONA_SERVER_DEMO_ON=yes is not true or false (A switch)",
        "COLOUR | blue | DAYTONA_SERVER_DEMO_COLOUR=blue is not one of RED, GREEN (A choice)",
        "COUNT | 101 | Demo: count is 101, allowed are up to 100",
      })
  void wrongValuesAreNamed(String key, String value, String message) {
    assertEquals(message, refusal(Map.of("DAYTONA_SERVER_DEMO_" + key, value)));
  }

  @Test
  void secretsAreNeverShown() {
    String message = refusal(Map.of("DAYTONA_SERVER_DEMO_KEY", "hunter2"));
    assertFalse(message.contains("hunter2"), message);
    assertTrue(message.contains("DAYTONA_SERVER_DEMO_KEY"), message);
    String printed = print(settings().with(Map.of("DAYTONA_SERVER_DEMO_KEY", "4711"), "e", true));
    assertFalse(printed.contains("4711"), printed);
    assertTrue(printed.contains("# DAYTONA_SERVER_DEMO_KEY=(hidden)"), printed);
  }

  @Test
  void whatIsPrintedCanBeReadAgain(@TempDir Path directory) throws Exception {
    Map<String, String> set =
        Map.of("DAYTONA_SERVER_DEMO_COUNT", "5", "DAYTONA_SERVER_DEMO_MAYBE", "http://u:p@h/x");
    String printed = print(settings().with(set, "environment", true));
    assertTrue(
        printed.contains("# A number (environment)\nDAYTONA_SERVER_DEMO_COUNT=5\n"), printed);
    assertTrue(printed.contains("DAYTONA_SERVER_DEMO_MAYBE=http://(hidden)@h/x"), printed);
    assertTrue(
        printed.contains("# A text (default)\n# DAYTONA_SERVER_DEMO_SOME_TEXT=x\n"), printed);
    Path file = Files.writeString(directory.resolve("conf"), printed);
    Settings again = settings().with(SettingsFile.read(file), "file", false);
    assertEquals(5, new ConfigBinder(again).bind(Demo.class).count());
  }

  private static String print(Settings settings) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    settings.print(new PrintStream(out, true, StandardCharsets.UTF_8));
    return out.toString(StandardCharsets.UTF_8);
  }

  @Test
  void theEnvironmentIsStrongerThanTheFile(@TempDir Path directory) throws Exception {
    Path file =
        Files.writeString(
            directory.resolve("conf"),
            """
            # comment

            DAYTONA_SERVER_DEMO_COUNT = 1
            DAYTONA_SERVER_DEMO_MAYBE=a=b
            DAYTONA_SERVER_URL=http://old
            """);
    Settings both =
        settings()
            .with(SettingsFile.read(file), "file", false)
            .with(Map.of("DAYTONA_SERVER_DEMO_COUNT", "2"), "environment", true);
    Demo demo = new ConfigBinder(both).bind(Demo.class);
    assertEquals(2, demo.count());
    assertEquals(Optional.of("a=b"), demo.maybe());
  }

  @Test
  void filesWithMistakesAreRefused(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("conf");
    for (var mistake :
        Map.of(
                "DAYTONA_SERVER_DEMO_COUNT", "line 1: expected is KEY=value",
                "A=1\nA=2", "line 2: A is set twice")
            .entrySet()) {
      Files.writeString(file, mistake.getKey());
      String message =
          String.valueOf(
              assertThrows(ConfigException.class, () -> SettingsFile.read(file)).getMessage());
      assertTrue(message.endsWith(mistake.getValue()), message);
    }
    assertThrows(
        ConfigException.class, () -> settings().with(Map.of("PATH", "/bin"), "file", false));
    assertThrows(ConfigException.class, () -> SettingsFile.read(directory.resolve("absent")));
  }

  @Test
  void requiredKeysMustBeSet() {
    ConfigBinder binder = new ConfigBinder(Settings.of(List.of(Needed.class)));
    String message =
        assertThrows(ConfigException.class, () -> binder.bind(Needed.class)).getMessage();
    assertEquals("DAYTONA_SERVER_MUST_BE_SET must be set: Needed", message);
  }
}
