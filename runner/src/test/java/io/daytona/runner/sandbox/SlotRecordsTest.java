package io.daytona.runner.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.daytona.runner.jailer.Inventory;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.runner.Origin;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SlotRecordsTest {
  private static final Identity DAYTONA =
      new Identity(
          "daytona", "/home/daytona", "/home/daytona", new Origin("org", "eu", "snapshot"));

  @TempDir Path directory;

  @Test
  void remembersUsedSlotsAcrossARestart() {
    SlotRecords records = new SlotRecords(directory.resolve("runner"));
    records.used(3, "s3");
    records.used(4, "s4");
    records.identified(4, "s4", DAYTONA);
    records.used(5, "s5");
    records.forget(5);
    Map<Integer, SlotRecords.Entry> found = new SlotRecords(directory.resolve("runner")).load();
    assertEquals(
        Map.of(3, new SlotRecords.Entry("s3", null), 4, new SlotRecords.Entry("s4", DAYTONA)),
        found);
    assertEquals(DAYTONA, SlotRecords.identityOf(new Inventory.Running("s4", 4, 1, 1), found));
    assertNull(SlotRecords.identityOf(new Inventory.Running("s3", 3, 1, 1), found));
    assertNull(SlotRecords.identityOf(new Inventory.Running("other", 4, 1, 1), found));
  }

  @Test
  void takesARecordOfAnEarlierRelease() throws Exception {
    SlotRecords records = new SlotRecords(directory);
    Files.writeString(
        directory.resolve("7"),
        "{\"sandbox\":\"s7\",\"identity\":{\"user\":\"u\",\"home\":\"/h\",\"workdir\":\"/w\"}}");
    Identity identity = new Identity("u", "/h", "/w", null);
    assertEquals(Map.of(7, new SlotRecords.Entry("s7", identity)), records.load());
  }

  @Test
  void takesAnUnreadableRecordForAUsedSlot() throws Exception {
    SlotRecords records = new SlotRecords(directory);
    Files.writeString(directory.resolve("9"), "{\"sand");
    Files.writeString(directory.resolve("10.tmp"), "half");
    assertEquals(Map.of(9, new SlotRecords.Entry("", null)), records.load());
  }

  @Test
  void saysWhichDirectoryIsMissing() {
    Path missing = directory.resolve("none").resolve("runner");
    DaytonaException e = assertThrows(DaytonaException.class, () -> new SlotRecords(missing));
    assertEquals(
        "The directory " + missing + " is missing. Make it, owned by the server's user, mode 0700",
        e.sentence());
  }
}
