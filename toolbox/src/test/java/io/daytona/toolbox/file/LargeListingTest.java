package io.daytona.toolbox.file;

import static io.daytona.toolbox.Replies.assertError;
import static io.daytona.toolbox.Replies.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.daytona.wire.admission.Bulkhead;
import io.daytona.wire.error.DaytonaException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Listings whose paths would take much more memory than their number says. */
@Timeout(120)
@Tag("slow")
class LargeListingTest {
  private static ListingRoom full(Bulkhead all, String organization) throws InterruptedException {
    ListingRoom room = new ListingRoom(all, organization, Bulkhead.Caller.STAYS);
    boolean done = false;
    try {
      for (int i = 0; i < ListingRoom.MAX_ENTRIES; i++) {
        room.take(100);
      }
      done = true;
      return room;
    } finally {
      if (!done) {
        room.close();
      }
    }
  }

  @Test
  void allListingsTogetherAreBoundedAndLeaveRoomForOthers() throws Exception {
    Bulkhead all = ListingRoom.ofHeap(75, Duration.ofMillis(50));
    List<ListingRoom> rooms = new ArrayList<>();
    try {
      DaytonaException refused =
          assertThrows(
              DaytonaException.class,
              () -> {
                while (rooms.size() < 100) {
                  rooms.add(full(all, "a"));
                }
              });
      assertEquals(429, refused.kind().status());
      try (ListingRoom other = new ListingRoom(all, "b", Bulkhead.Caller.STAYS)) {
        for (int i = 0; i < ListingRoom.MAX_ENTRIES / 10; i++) {
          other.take(100);
        }
      }
    } finally {
      rooms.forEach(ListingRoom::close);
    }
    try (ListingRoom room = full(all, "a")) {
      assertEquals(400, assertThrows(DaytonaException.class, () -> room.take(1)).kind().status());
    }
    assertEquals(0, all.level().used());
  }

  @Test
  void aLargeListingWaitsForOthers() throws Exception {
    Bulkhead all = ListingRoom.ofHeap(100, Duration.ofMinutes(1));
    List<ListingRoom> rooms = new ArrayList<>();
    long before;
    do {
      before = all.level().used();
      rooms.add(full(all, "a"));
    } while (all.level().used() + (all.level().used() - before) <= all.level().total());
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> waits =
          threads.submit(() -> {
            full(all, "b").close();
            return null;
          });
      while (all.level().waiting() == 0 && !waits.isDone()) {
        Thread.onSpinWait();
      }
      assertFalse(waits.isDone());
      rooms.forEach(ListingRoom::close);
      waits.get();
    }
    assertEquals(0, all.level().used());
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
