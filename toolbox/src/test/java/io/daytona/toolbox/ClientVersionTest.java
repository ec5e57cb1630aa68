package io.daytona.toolbox;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Versions of client libraries (toolbox protocol §1.5). */
class ClientVersionTest {
  @ParameterizedTest
  @CsvSource({
    "0.200.9, true",
    "0.201.0, false",
    "v0.201.0, false",
    "0.201.0a1, true",
    "0.201.0-rc.1, true",
    "0.201.1a1, false",
    "1.0.0, false",
    "0.27.0, true",
    "0.201.0+build, false",
  })
  void areCompared(String text, boolean before) {
    assertEquals(before, ClientVersion.parse(text).orElseThrow().isBefore(0, 201, 0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"dev", "0.0.0-dev", "v0.0.0-dev", "", "1", "1.2", "x.y.z", "1.2.3.4"})
  void developmentAndNonsenseAreNone(String text) {
    assertEquals(true, ClientVersion.parse(text).isEmpty());
  }
}
