package io.daytona.cli.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.daytona.cli.error.CliException;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SandboxTest {
  private static Sandbox at(String proxy) {
    return Sandbox.of(Map.of("id", "i", "state", "started", "toolboxProxyUrl", proxy));
  }

  @Test
  void theToolboxIsBelowTheProxy() {
    assertEquals("http://h:1/toolbox/i", at("http://h:1/toolbox/").toolbox().toString());
  }

  @ParameterizedTest
  @ValueSource(strings = {"not a URL", "h:1/toolbox", "ftp://h", "http:///x", "http://[::1"})
  void anAnswerWithoutAUsableUrlIsToldAbout(String proxy) {
    assertThrows(CliException.class, () -> at(proxy));
  }
}
