package io.daytona.toolbox.interpreter;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Frames between a worker and a client that reads slowly or not at all. */
@Timeout(30)
class OutboxTest {
  private final AtomicInteger givenUp = new AtomicInteger();

  @Test
  void aClientThatReadsNothingIsGivenUp() throws Exception {
    Outbox outbox = new Outbox(Duration.ofMillis(50), givenUp::incrementAndGet);
    for (int i = 0; i < 10_000; i++) {
      outbox.put(ClientFrame.text(i % 2 == 0 ? "stdout" : "stderr", "x\n"));
    }
    assertEquals(1, givenUp.get());
    assertNull(outbox.take());
    outbox.finish(1000, "");
    assertNull(outbox.closing(), "somebody else closes");
  }

  @Test
  void memoryIsBoundedByCharactersToo() throws Exception {
    Outbox outbox = new Outbox(Duration.ofMillis(50), givenUp::incrementAndGet);
    int put = 0;
    while (givenUp.get() == 0) {
      outbox.put(ClientFrame.text(put++ % 2 == 0 ? "stdout" : "stderr", "x".repeat(8_192)));
    }
    assertTrue(put <= 130, put + " frames of 8 Ki characters");
  }

  @Test
  void piecesAreJoinedWhenManyWait() throws Exception {
    Outbox outbox = new Outbox(Duration.ofSeconds(10), givenUp::incrementAndGet);
    for (int i = 0; i < 10_000; i++) {
      outbox.put(ClientFrame.text("stdout", i + "\n"));
    }
    outbox.put(ClientFrame.completed());
    outbox.finish(1000, "");
    StringBuilder text = new StringBuilder();
    int frames = 0;
    ClientFrame last = null;
    for (ClientFrame frame = outbox.take(); frame != null; frame = outbox.take()) {
      frames++;
      last = frame;
      text.append(frame.type().equals("stdout") ? frame.text() : "");
      assertTrue(frame.text().length() <= ClientFrame.MAX_TEXT);
    }
    assertNotNull(last);
    assertEquals("control", last.type());
    assertTrue(frames < 100, frames + " frames");
    assertEquals(10_000, text.toString().lines().count());
    assertEquals(1000, outbox.closing() == null ? 0 : outbox.closing().code());
    assertEquals(0, givenUp.get());
  }

  @Test
  void nobodyWaitsForAClientThatLeft() throws Exception {
    Outbox outbox = new Outbox(Duration.ofSeconds(20), givenUp::incrementAndGet);
    Thread writer =
        Thread.ofVirtual()
            .start(() -> {
              try {
                for (int i = 0; i < 5_000; i++) {
                  outbox.put(ClientFrame.text(i % 2 == 0 ? "stdout" : "stderr", "x"));
                }
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
    assertNotNull(outbox.take());
    outbox.abandon();
    assertTrue(writer.join(Duration.ofSeconds(10)));
    assertEquals(0, givenUp.get());
  }
}
