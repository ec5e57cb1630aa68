package io.daytona.gateway;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("slow")
class SignedFilesTest extends GatewayFixture {
  private static final String SIGNED = "?path=a%20b%2Fc&expires=7&signature=v1_good";

  @Test
  void aSignatureIsForBytesAndNotForWhatTheyAreReplacedBy() throws IOException {
    for (String path : List.of("a%FFb", "a%EF%BF%BDb")) {
      String reply = ask("GET", "/files/download?path=" + path + "&expires=7&signature=v1_good");
      assertTrue(reply.startsWith("HTTP/1.1 401 "), reply);
    }
    assertTrue(signed.isEmpty());
  }

  @Test
  void aSignatureIsEnoughForItsFile() throws IOException {
    assertTrue(ask("GET", "/files/download" + SIGNED).endsWith("\"file a b/c\""));
    assertEquals("GET a b/c 7", signed.poll());
    assertTrue(ask("POST", "/files/upload-v2" + SIGNED).endsWith("\"file a b/c\""));
    assertEquals("POST a b/c 7", signed.poll());
    String byHost = get("2280-" + ID + ".h", "/files/download" + SIGNED);
    assertTrue(byHost.endsWith("\"file a b/c\""), byHost);
  }

  @Test
  void aSignatureOpensNothingElse() throws IOException {
    List<String> refused =
        List.of(
            ask("GET", "/files/info" + SIGNED),
            ask("POST", "/files/upload" + SIGNED),
            ask("DELETE", "/files/download" + SIGNED),
            ask("HEAD", "/files/download" + SIGNED),
            ask("GET", "/files/download" + SIGNED + "&path=other"),
            ask("GET", "/files/download" + SIGNED + "&path[]=other"),
            ask("GET", "/files/download?path=a&expires=7&signature="),
            ask("GET", "/files/download?path=a&expires=7"),
            ask("GET", "/seen" + SIGNED));
    for (String reply : refused) {
      assertTrue(reply.startsWith("HTTP/1.1 401 "), reply);
    }
    assertTrue(signed.isEmpty());
    assertTrue(touched.isEmpty());
  }

  @Test
  void aWrongSignatureIsRefusedWithASentence() throws IOException {
    String reply = ask("GET", "/files/download?path=a&expires=7&signature=v1_bad");
    assertTrue(reply.startsWith("HTTP/1.1 401 "), reply);
    assertTrue(
        reply.contains("\"message\":\"authentication failed: The signature is wrong\""), reply);
    String credentials = ask("GET", "/files/download" + SIGNED, "Authorization: Bearer wrong");
    assertTrue(credentials.startsWith("HTTP/1.1 401 "), credentials);
  }
}
