package io.daytona.runner.storage;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.runner.testing.PoolForm;
import io.daytona.wire.failpoint.Failpoints;
import java.nio.file.Files;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Disks on a host without XFS: files in the data directory, copied without their holes. */
@Tag("slow")
@PoolForm(imageBytes = 0)
class PlainDirectoryStoreTest extends RootStoreContract {
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
  void needsNoImageOfAFileSystem() throws Exception {
    assertFalse(Files.exists(jailer.data().resolve("pool.img")));
    assertTrue(
        jailer.root("ls", jailer.data().resolve("pool").toString()).contains("disks"),
        () -> jailer.log());
  }
}
