package io.daytona.cli.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.cli.error.CliException;
import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConnectionTest {
  private static Connection of(String url, String key) {
    return Connection.of(Map.of("DAYTONA_API_URL", url, "DAYTONA_API_KEY", key));
  }

  @Test
  void theEnvironmentSaysWhereAndWho() {
    Connection connection = of("https://there/api//", "dtn_secret");
    assertEquals(URI.create("https://there/api"), connection.url());
    assertEquals("dtn_secret", connection.key());
    assertFalse(connection.toString().contains("secret"));
  }

  @ParameterizedTest
  @CsvSource({
    "'', '', DAYTONA_API_URL and DAYTONA_API_KEY are not set",
    "'', key, DAYTONA_API_URL is not set",
    "http://there/api, '', DAYTONA_API_KEY is not set",
    "there/api, key, DAYTONA_API_URL is no http:// or https:// URL",
    "ftp://there/api, key, DAYTONA_API_URL is no http:// or https:// URL",
    "http:///api, key, DAYTONA_API_URL is no",
    "http://there/a b, key, DAYTONA_API_URL is no URL",
    "http://there/api, 'se cret', DAYTONA_API_KEY is no API key"
  })
  void whatIsMissingOrWrongIsNamedWithARemedy(String url, String key, String cause) {
    String told = assertThrows(CliException.class, () -> of(url, key)).text();
    assertTrue(told.startsWith("error: " + cause), told);
    assertTrue(told.contains("eval \"$(sudo ./daytona env)\""), told);
    assertFalse(told.contains("se cret"), told);
  }
}
