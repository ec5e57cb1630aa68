package io.daytona.control.configuration;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PublicUrlsTest {
  @ParameterizedTest
  @CsvSource({
    "http://127.0.0.1:3000,http://127.0.0.1:4000/toolbox",
    "http://localhost,http://localhost:4000/toolbox",
    "http://[::1]:3000,http://[::1]:4000/toolbox",
    "http://[::1],http://[::1]:4000/toolbox",
    "https://box.example:8443,https://box.example:4000/toolbox"
  })
  void followsTheRequestsHostWithTheProxysPort(String origin, String toolbox) {
    PublicUrls urls = new PublicUrls(Optional.empty(), Optional.empty(), "proxy.localhost:4000");
    assertEquals(toolbox, urls.toolbox(origin));
    assertEquals(origin, urls.api(origin));
  }

  @Test
  void prefersWhatIsConfigured() {
    PublicUrls urls =
        new PublicUrls(
            Optional.of("https://api.example/"),
            Optional.of("https://proxy.example/"),
            "previews.example");
    String origin = "http://127.0.0.1:3000";
    assertEquals("https://proxy.example/toolbox", urls.toolbox(origin));
    assertEquals("https://api.example", urls.api(origin));
    assertEquals("https://80-x.previews.example", urls.preview(origin, "80", "x"));
    assertEquals("https://{{PORT}}-{{sandboxId}}.previews.example", urls.previewTemplate(origin));
  }
}
