package io.daytona.toolbox.file;

import static io.daytona.toolbox.Replies.assertError;
import static io.daytona.toolbox.Replies.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.daytona.wire.error.DaytonaException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Listings whose paths would take much more memory than their number says. */
@Timeout(120)
@Tag("slow")
class LargeListingTest {
  @Test
  void allListingsTogetherAreBounded() {
    List<ListingRoom> rooms = new ArrayList<>();
    try {
      DaytonaException refused =
          assertThrows(
              DaytonaException.class,
              () -> {
                while (rooms.size() < 100) {
                  ListingRoom room = new ListingRoom();
                  rooms.add(room);
                  for (int i = 0; i < ListingRoom.MAX_ENTRIES; i++) {
                    room.take(100);
                  }
                }
              });
      assertEquals(503, refused.kind().status());
    } finally {
      rooms.forEach(ListingRoom::close);
    }
    try (ListingRoom room = new ListingRoom()) {
      for (int i = 0; i < ListingRoom.MAX_ENTRIES; i++) {
        room.take(100);
      }
      assertEquals(400, assertThrows(DaytonaException.class, () -> room.take(1)).kind().status());
    }
  }

  @Test
  void thePathsOfAReplyAreBounded() throws Exception {
    try (FileBox box = FileBox.start()) {
      Path top = box.directory();
      Path deep = top;
      while (deep.toString().length() < 3_800) {
        deep = Files.createDirectory(deep.resolve("x".repeat(200)));
      }
      long each = deep.toString().length() + 10L;
      for (int i = 0; i < 20; i++) {
        Files.createFile(deep.resolve("f" + i));
      }
      assertEquals(20, ok(box.get("/files", "path", deep.toString())).size());
      for (int i = 20; i < ListingRoom.MAX_TEXT / each + 100; i++) {
        Files.createFile(deep.resolve("f" + i));
      }
      assertError(box.get("/files", "path", deep.toString()), 400, "BAD_REQUEST", "bad request: ");
      assertError(
          box.get("/files", "path", top.toString(), "depth", "99"),
          400,
          "BAD_REQUEST",
          "bad request: ");
    }
  }
}
