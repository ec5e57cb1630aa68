package io.daytona.runner.jailer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.ProtocolException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EventTest {

  @Test
  void readsABeat() throws Exception {
    assertInstanceOf(Event.Beat.class, Event.parse("beat"));
  }

  @ParameterizedTest
  @CsvSource({"9,0,false", "9,2,true", "-1,1,true", "-1,0,false", "0,3,false", "256,1,false"})
  void knowsWhatTheMemoryLimitEnded(int status, long kills, boolean outOfMemory) throws Exception {
    Event event = Event.parse("exited s-1 status=" + status + " oom_kills=" + kills);
    Event.Exited exited = assertInstanceOf(Event.Exited.class, event);
    assertEquals("s-1", exited.sandbox());
    assertEquals(status, exited.status());
    assertEquals(outOfMemory, exited.outOfMemory());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "beat ",
        "exited",
        "exited s1",
        "exited s1 status=9",
        "exited s1 status=-2 oom_kills=0",
        "exited s1 status=65536 oom_kills=0",
        "exited S/1 status=9 oom_kills=0",
        "started s1 status=9 oom_kills=0"
      })
  void refusesMalformedEvents(String line) {
    assertThrows(ProtocolException.class, () -> Event.parse(line));
  }
}
