package io.daytona.runner.jailer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.wire.runner.ExitCause;
import java.net.ProtocolException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InventoryTest {

  @Test
  void readsEveryKindOfLine() throws Exception {
    Inventory.Parser parser = new Inventory.Parser();
    parser.line("slot 7 10.213.216.7");
    parser.line("disk shelf-3-0a 3 164");
    parser.line("layer 0123456789abcdef");
    parser.line("sandbox s1 slot=7 pid=812 start=9911 state=running");
    parser.line("sandbox s3 slot=8 pid=0 start=0 state=exited");
    parser.line("sandbox s4 slot=9 pid=5 start=6 state=pool_full");
    Inventory inventory = parser.finish();
    assertEquals(List.of(7), inventory.slots());
    assertEquals(Map.of(7, "10.213.216.7"), inventory.addresses());
    assertEquals(List.of(new Inventory.Disk("shelf-3-0a", 3, 164)), inventory.disks());
    assertEquals(List.of("0123456789abcdef"), inventory.layers());
    assertEquals(new Inventory.Running("s1", 7, 812, 9911), inventory.sandbox("s1").orElseThrow());
    assertTrue(inventory.sandbox("s2").isEmpty());
    assertTrue(inventory.sandbox("s3").isEmpty());
    assertEquals(
        List.of(new Inventory.Running("s3", 8, 0, 0), new Inventory.Running("s4", 9, 5, 6)),
        inventory.ended());
    assertEquals(ExitCause.ENDED, inventory.causeOfEnd("s3"));
    assertEquals(ExitCause.POOL_FULL, inventory.causeOfEnd("s4"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "slot",
        "slot x 10.0.0.1",
        "slot 1024 10.0.0.1",
        "slot 1 10.0.0.1 more",
        "slot 1 10.0.0",
        "slot 1 there",
        "disk -a 3 1",
        "disk ../x 3 1",
        "disk a 101 1",
        "disk a 3 -1",
        "layer SHORT",
        "layer 0123",
        "sandbox",
        "sandbox s1",
        "sandbox s1 slot=7",
        "sandbox s1 slot=7 pid=1 start=2",
        "sandbox s1 slot=7 pid=1 start=2 state=odd",
        "sandbox s1 slot=7 pid=1 start=2 state=running slot=8",
        "sandbox S1 slot=7 pid=1 start=2 state=running",
        "unknown 1"
      })
  void refusesMalformedLines(String line) {
    assertThrows(ProtocolException.class, () -> new Inventory.Parser().line(line));
  }
}
