package io.daytona.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PortsTest {
  @TempDir Path directory;

  @Test
  void aRestartKeepsThePort() throws Exception {
    Path file = directory.resolve("api.port");
    int first;
    try (ServerSocketChannel bound = Ports.bind("127.0.0.1", 0, file)) {
      first = Ports.port(bound);
      assertEquals(first + "\n", Files.readString(file));
    }
    try (ServerSocketChannel again = Ports.bind("127.0.0.1", 0, file)) {
      assertEquals(first, Ports.port(again));
      try (ServerSocketChannel other = Ports.bind("127.0.0.1", 0, file)) {
        assertNotEquals(first, Ports.port(other));
      }
    }
  }

  @Test
  void aTakenPortIsNamed() throws Exception {
    Path file = directory.resolve("api.port");
    try (ServerSocketChannel bound = Ports.bind("127.0.0.1", 0, file)) {
      int port = Ports.port(bound);
      String message =
          assertThrows(StartException.class, () -> Ports.bind("127.0.0.1", port, file))
              .getMessage();
      assertTrue(String.valueOf(message).contains("port " + port), message);
    }
  }

  @Test
  void nonsenseInTheFileIsNoPort() throws Exception {
    Path file = Files.writeString(directory.resolve("api.port"), "99999999");
    try (ServerSocketChannel bound = Ports.bind("127.0.0.1", 0, file)) {
      assertTrue(Ports.port(bound) > 0);
    }
  }
}
