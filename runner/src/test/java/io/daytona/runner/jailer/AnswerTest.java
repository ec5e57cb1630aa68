package io.daytona.runner.jailer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.wire.error.DaytonaException;
import java.net.ProtocolException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class AnswerTest {

  @Test
  void readsValuesOfAnOk() throws Exception {
    Answer answer = Answer.parse("ok pid=4711 start=99");
    assertEquals(4711, answer.number("pid"));
    assertEquals("99", answer.text("start"));
    assertTrue(Answer.parse("ok").values().isEmpty());
  }

  @ParameterizedTest
  @EnumSource(JailerCode.class)
  void readsEveryErrorCode(JailerCode code) {
    String line = "error " + code.name().toLowerCase(java.util.Locale.ROOT) + " why: so";
    JailerException e = assertThrows(JailerException.class, () -> Answer.parse(line));
    assertEquals(code, e.code());
    assertEquals("why: so", e.getMessage());
  }

  @Test
  void acceptsAnErrorWithoutWords() {
    assertEquals(
        JailerCode.BUSY,
        assertThrows(JailerException.class, () -> Answer.parse("error busy")).code());
  }

  @Test
  void takesControlCharactersOutOfErrorTexts() {
    JailerException e =
        assertThrows(JailerException.class, () -> Answer.parse("error system a\u001b[2Jb"));
    assertEquals("a [2Jb", e.getMessage());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "OK",
        "okay",
        "ok ",
        "ok pid",
        "ok =1",
        "ok a=1 a=2",
        "ok a=1  b=2",
        "error",
        "error ",
        "error unheard of",
        "beat"
      })
  void refusesWhatIsNoAnswer(String line) {
    assertThrows(ProtocolException.class, () -> Answer.parse(line));
  }

  @ParameterizedTest
  @ValueSource(strings = {"-1", "+1", "1e3", " 1", "", "1234567890123456789", "٣"})
  void refusesWhatIsNoNumber(String text) {
    assertThrows(ProtocolException.class, () -> Numbers.parse(text));
  }

  @Test
  void refusesNumbersOutsideTheirRange() throws Exception {
    assertEquals(1023, Numbers.parse("1023", 0, 1023));
    assertThrows(ProtocolException.class, () -> Numbers.parse("1024", 0, 1023));
  }

  @Test
  void tellsClientsOfAFullPoolToComeBack() {
    DaytonaException e =
        new JailerException(JailerCode.SPACE, "a tenth of the pool is free").toClient("start");
    assertEquals(503, e.kind().status());
    assertTrue(e.retryAfter().isPresent());
    assertTrue(e.sentence().contains("a tenth of the pool is free"));
  }

  @Test
  void tellsClientsWhatFailed() {
    DaytonaException e =
        new JailerException(JailerCode.SYSTEM, "mount: No such device").toClient("start it");
    assertEquals(500, e.kind().status());
    assertEquals("This host could not start it: mount: No such device", e.sentence());
  }
}
