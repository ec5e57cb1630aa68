package io.daytona.toolbox.lsp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Messages come out whole however the output is cut, in bounded memory. */
class MessageFramerTest {
  private static final int LARGE = 300_000;

  private final MessageMemory memory = MessageMemory.ofAll(LARGE);
  private final MessageFramer framer = new MessageFramer(LARGE, memory);
  private final List<String> messages = new ArrayList<>();

  private void accept(String text) throws LspViolation {
    framer.accept(
        text.getBytes(StandardCharsets.UTF_8),
        body -> messages.add(new String(body, StandardCharsets.UTF_8)));
  }

  @Test
  void inAnyPieces() throws LspViolation {
    String output =
        "noise\r\nContent-Type: x\r\ncontent-length: 3\r\n\r\n{ü"
            + "noiseContent-Length: 0\r\n\r\nContent-Length:2\n\n[]";
    accept(output);
    byte[] bytes = output.getBytes(StandardCharsets.UTF_8);
    for (byte next : bytes) {
      framer.accept(
          new byte[] {next}, body -> messages.add(new String(body, StandardCharsets.UTF_8)));
    }
    assertEquals(List.of("{ü", "", "[]", "{ü", "", "[]"), messages);
    assertFalse(framer.isPartial());
  }

  @Test
  void memoryIsTakenForWhatArrivedAndGivenBack() throws LspViolation {
    accept("Content-Length: " + LARGE + "\r\n\r\n");
    assertTrue(memory.take(LARGE), "nothing has arrived");
    memory.give(LARGE);
    accept("x".repeat(LARGE - 1));
    assertTrue(framer.isPartial());
    assertFalse(memory.take(LARGE));
    accept("x");
    assertEquals(LARGE, messages.getFirst().length());
    assertTrue(memory.take(LARGE), "given back");
    assertThrows(
        LspViolation.class,
        () -> accept("Content-Length: " + LARGE + "\r\n\r\n" + "x".repeat(100_000)));
  }

  @Test
  void whatIsTooLarge() {
    assertThrows(LspViolation.class, () -> accept("Content-Length: " + (LARGE + 1) + "\r\n"));
    assertThrows(
        LspViolation.class,
        () ->
            new MessageFramer(1, memory)
                .accept("x".repeat(9000).getBytes(StandardCharsets.UTF_8), b -> {}));
  }

  @Test
  void values() {
    for (String json : List.of("7", "\"a,[{\\\",\"")) {
      assertEquals(1, MessageFramer.values(json.getBytes(StandardCharsets.UTF_8)), json);
    }
    assertEquals(
        5, MessageFramer.values("{\"a\":[1,\"\\\\\",3]}".getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void aPartNeverTakesMoreThanTheWhole() {
    MessageMemory first = memory.part(200_000);
    MessageMemory second = memory.part(200_000);
    assertTrue(first.take(200_000));
    assertFalse(first.take(1));
    assertFalse(second.take(200_000));
    first.give(200_000);
    assertTrue(second.take(200_000));
  }
}
