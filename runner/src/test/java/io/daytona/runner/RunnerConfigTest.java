package io.daytona.runner;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.daytona.wire.config.Config;
import java.lang.reflect.RecordComponent;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RunnerConfigTest {

  private static RunnerConfig config(int readySlots, String shelf) {
    return new RunnerConfig(
        Path.of("/data"),
        readySlots,
        2,
        16,
        shelf,
        4096,
        Duration.ofSeconds(5),
        Duration.ofSeconds(20),
        Duration.ofSeconds(15));
  }

  @Test
  void readsTheShelf() {
    assertEquals(Map.of(3, 16, 10, 0), config(1, "3:16, 10:0").shelfTargets());
    assertEquals(Map.of(), config(1, "").shelfTargets());
  }

  @ParameterizedTest
  @ValueSource(strings = {"3", "3:", "x:1", "0:1", "101:1", "3:-1", "3:1001", "3:1:1", ","})
  void refusesAMalformedShelf(String shelf) {
    assertThrows(IllegalArgumentException.class, () -> config(1, shelf));
  }

  @Test
  void refusesMoreSlotsThanThereAre() {
    assertEquals(1022, config(1022, "").readySlots());
    assertThrows(IllegalArgumentException.class, () -> config(1023, ""));
  }

  @Test
  void startsAsManyAtOnceAsTheCpusCanDo() {
    assertEquals(16, config(1, "").startsAtOnce());
  }

  @Test
  void allowsProcessesByMemory() {
    assertEquals(2048, config(1, "").pidsLimit(1));
    assertEquals(4096, config(1, "").pidsLimit(2));
    assertEquals(4096, config(1, "").pidsLimit(100));
  }

  @Test
  void knowsThePathsOfTheDataDirectory() {
    RunnerConfig config = config(1, "");
    assertEquals(Path.of("/data/run/jailer.sock"), config.jailerSocket());
    assertEquals(Path.of("/data/run/a/s1"), config.agentSocket("s1"));
  }

  @Test
  void describesEveryComponent() {
    for (RecordComponent component : RunnerConfig.class.getRecordComponents()) {
      Assertions.assertNotNull(
          component.getAnnotation(Config.Key.class), () -> component.getName() + " has no key");
    }
  }
}
