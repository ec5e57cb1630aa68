package io.daytona.runner.storage;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.daytona.wire.failpoint.Failpoints;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("slow")
class OverlayRootStoreTest extends RootStoreContract {
  private OverlayRootStore store;

  @BeforeEach
  void makeStore() {
    store = new OverlayRootStore(client, new Random(), Failpoints.NONE);
  }

  @Override
  RootStore store() {
    return store;
  }

  @Test
  void findsShelvedDisksAgainAfterARestart() {
    store.shelve(1);
    OverlayRootStore next = new OverlayRootStore(client, new Random(), Failpoints.NONE);
    next.adopt(client.list());
    assertEquals(1, next.shelved(1));
    assertEquals(store.claim(1), next.claim(1));
  }

  @Test
  void isKeptFilledByTheShelf() {
    DiskShelf shelf = new DiskShelf(store, Map.of(1, 2, 2, 1));
    assertEquals(null, shelf.next(true), "nothing is made while creates are in flight");
    for (Runnable task = shelf.next(false); task != null; task = shelf.next(false)) {
      task.run();
    }
    assertEquals(2, store.shelved(1));
    assertEquals(1, store.shelved(2));
  }
}
