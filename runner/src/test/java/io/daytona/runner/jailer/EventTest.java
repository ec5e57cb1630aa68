package io.daytona.runner.jailer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.daytona.wire.runner.ExitCause;
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
  @CsvSource({
    "9,0,0,ENDED",
    "9,2,0,OUT_OF_MEMORY",
    "-1,1,0,OUT_OF_MEMORY",
    "-1,0,0,ENDED",
    "0,3,0,ENDED",
    "256,1,0,ENDED",
    "9,2,1,POOL_FULL",
    "-1,0,1,POOL_FULL"
  })
  void knowsWhoEndedIt(int status, long kills, int full, ExitCause cause) throws Exception {
    Event event =
        Event.parse(
            "exited s-1 status=%d oom_kills=%d pool_full=%d".formatted(status, kills, full));
    Event.Exited exited = assertInstanceOf(Event.Exited.class, event);
    assertEquals("s-1", exited.sandbox());
    assertEquals(status, exited.status());
    assertEquals(cause, exited.cause());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "beat ",
        "exited",
        "exited s1",
        "exited s1 status=9",
        "exited s1 status=9 oom_kills=0",
        "exited s1 status=9 oom_kills=0 pool_full=2",
        "exited s1 status=-2 oom_kills=0 pool_full=0",
        "exited s1 status=65536 oom_kills=0 pool_full=0",
        "exited S/1 status=9 oom_kills=0 pool_full=0",
        "started s1 status=9 oom_kills=0 pool_full=0"
      })
  void refusesMalformedEvents(String line) {
    assertThrows(ProtocolException.class, () -> Event.parse(line));
  }
}
