package io.daytona.toolbox.terminal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.toolbox.agent.Spawn;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Exit messages (toolbox protocol §4.3) and labels, which come back as data of the sandbox. */
class TerminalExitTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "0|false|1000|{\"exitCode\":0}",
        "1|false|1011|{\"exitCode\":1,\"exitReason\":\"non-zero exit\"}",
        "130|false|1011|{\"exitCode\":130,\"exitReason\":\"Ctrl+C\"}",
        "137|false|1011|{\"exitCode\":137,\"exitReason\":\"SIGKILL\"}",
        "139|false|1011|{\"exitCode\":139,\"exitReason\":\"signal 11\"}",
        "143|false|1011|{\"exitCode\":143,\"exitReason\":\"SIGTERM\"}",
        "255|false|1011|{\"exitCode\":255,\"exitReason\":\"signal 127\"}",
        "-9|false|1011|{\"exitCode\":-1,\"exitReason\":\"non-zero exit\"}",
        "-9|true|1011|{\"exitCode\":137,\"exitReason\":\"SIGKILL\"}",
        "0|true|1011|{\"exitCode\":137,\"exitReason\":\"SIGKILL\"}",
      })
  void hasCodeAndReason(int status, boolean deleted, int closeCode, String reason)
      throws Exception {
    TerminalExit exit = TerminalExit.of(status, deleted);
    assertEquals(closeCode, exit.closeCode());
    assertEquals(reason, exit.closeReason());
    assertEquals(
        reason.replaceFirst("\\{", "{\"type\":\"control\",\"status\":\"exited\","), exit.control());
  }

  @Test
  void aLabelComesBackAsItWas() {
    TerminalSettings settings =
        TerminalSettings.now("id", "/tmp", Map.of("A", "ü\n"), new Spawn.Terminal(300, 100), true);
    String label = TerminalLabel.of(settings);
    assertEquals(settings, TerminalLabel.parse(label).orElseThrow().settings());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "x",
        "{",
        "{}",
        "null",
        "[]",
        "{\"kind\":\"session\",\"id\":\"x\"}",
        "{\"kind\":\"terminal\"}",
        "{\"kind\":\"terminal\",\"id\":7}",
        "{\"kind\":\"terminal\",\"id\":\"x\",\"cols\":\"many\"}"
      })
  void otherLabelsAreNone(String text) {
    assertTrue(TerminalLabel.parse(text).isEmpty());
  }

  @Test
  void aForgedSizeIsOne() {
    TerminalLabel label =
        TerminalLabel.parse("{\"kind\":\"terminal\",\"id\":\"x\",\"cols\":-5,\"rows\":99999999}")
            .orElseThrow();
    assertEquals(new Spawn.Terminal(1, 65_535), label.settings().size());
  }
}
