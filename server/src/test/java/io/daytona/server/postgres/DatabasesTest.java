package io.daytona.server.postgres;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DatabasesTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "mysql://u:hunter2@h/d",
        "postgresql://u:hunter2@h",
        "postgresql://u:hunter2@/d",
        "postgresql://u:hunter2 @h/d",
      })
  void urlsOfAnotherFormAreRefusedWithoutThePassword(String url) {
    PostgresException refused = assertThrows(PostgresException.class, () -> Databases.pool(url, 2));
    String message = String.valueOf(refused.getMessage());
    assertTrue(message.contains("postgresql://user:password@host:port/database"), message);
    assertFalse(message.contains("hunter2"), message);
    assertTrue(refused.getCause() == null);
  }
}
