package io.daytona.control;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.control.apikey.ApiKeyValue;
import io.daytona.wire.access.SignedFileRequest;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Keys of signed file URLs, and what the gate makes of signatures (toolbox protocol §1.9). */
@Tag("slow")
class SigningKeyTest {
  private TestPlatform platform;
  private String id;

  @BeforeEach
  void start() {
    platform = TestPlatform.start();
    id = platform.create("{\"name\": \"mine\"}");
  }

  @AfterEach
  void stop() {
    platform.close();
  }

  private String key() {
    return text(platform.get("/sandbox/" + id + "/signing-key"));
  }

  private String rotate() {
    return text(platform.post("/sandbox/" + id + "/signing-key/rotate"));
  }

  /** The reply is a bare JSON string. */
  private static String text(TestPlatform.Reply reply) {
    assertEquals(200, reply.status());
    assertTrue(reply.body().isTextual());
    return reply.body().asText();
  }

  /** As the client libraries sign. */
  private static SignedFileRequest signed(String key, String method, String path, long expires) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key.getBytes(UTF_8), "HmacSHA256"));
      String message = "v1:files:" + method + ":" + path + ":" + expires;
      String signature =
          Base64.getUrlEncoder()
              .withoutPadding()
              .encodeToString(mac.doFinal(message.getBytes(UTF_8)));
      return new SignedFileRequest(method, path, Long.toString(expires), "v1_" + signature);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private long inSeconds(long seconds) {
    return platform.clock.instant().getEpochSecond() + seconds;
  }

  private boolean lets(SignedFileRequest request) {
    try {
      return platform.control().gate().authorizeSigned(id, request).sandboxId().equals(id);
    } catch (DaytonaException refused) {
      assertEquals(ErrorKind.UNAUTHORIZED, refused.kind());
      return false;
    }
  }

  @Test
  void theKeyIsMadeOnceAndKept() {
    String key = key();
    assertTrue(key.length() >= 43, "256 bits");
    assertEquals(key, key());
    assertEquals(key, text(platform.get("/sandbox/mine/signing-key")));
    platform.restart();
    assertEquals(key, key());
    assertTrue(lets(signed(key, "GET", "/a", 0)));
  }

  @Test
  void whatWasSignedIsLetIn() {
    String key = key();
    for (String path : new String[] {"/home/daytona/a.txt", "relative", "ü +%20&=?:", ""}) {
      assertTrue(lets(signed(key, "GET", path, inSeconds(60))), path);
      assertTrue(lets(signed(key, "POST", path, 0)), path);
    }
  }

  @Test
  void anythingElseIsRefused() {
    assertFalse(lets(signed("none", "GET", "/a", 0)), "before there is a key");
    SignedFileRequest good = signed(key(), "GET", "/a", 0);
    String signature = good.signature();
    assertFalse(lets(new SignedFileRequest("POST", "/a", "0", signature)));
    assertFalse(lets(new SignedFileRequest("GET", "/b", "0", signature)));
    assertFalse(lets(new SignedFileRequest("GET", "/a", "1", signature)));
    assertFalse(lets(new SignedFileRequest("GET", "/a", "00", signature)));
    assertFalse(lets(new SignedFileRequest("GET", "/a", "", signature)));
    assertFalse(lets(new SignedFileRequest("GET", "/a", "0", signature + "=")));
    assertFalse(lets(new SignedFileRequest("GET", "/a", "0", signature.substring(3))));
    assertFalse(lets(signed("other", "GET", "/a", 0)));
    assertFalse(lets(signed(key(), "GET", "/a", -1)));
    assertTrue(lets(good));
  }

  @Test
  void signaturesExpire() {
    SignedFileRequest brief = signed(key(), "GET", "/a", inSeconds(60));
    platform.clock.advance(Duration.ofSeconds(59));
    assertTrue(lets(brief));
    platform.clock.advance(Duration.ofSeconds(1));
    assertFalse(lets(brief));
    DaytonaException refused =
        assertThrows(
            DaytonaException.class, () -> platform.control().gate().authorizeSigned(id, brief));
    assertTrue(refused.sentence().contains("expired"));
  }

  @Test
  void rotationEndsWhatWasSignedBefore() {
    SignedFileRequest before = signed(key(), "GET", "/a", 0);
    assertTrue(lets(before));
    String next = rotate();
    assertNotEquals(next, rotate());
    assertFalse(lets(before));
    assertFalse(lets(signed(next, "GET", "/a", 0)));
    assertTrue(lets(signed(key(), "GET", "/a", 0)));
  }

  @Test
  void strangersLearnNothing() {
    String unknown = "00000000-0000-0000-0000-000000000001";
    DaytonaException refused =
        assertThrows(
            DaytonaException.class,
            () ->
                platform
                    .control()
                    .gate()
                    .authorizeSigned(unknown, new SignedFileRequest("GET", "/a", "0", "v1_x")));
    assertEquals(ErrorKind.UNAUTHORIZED, refused.kind());
    assertEquals(404, platform.get("/sandbox/" + unknown + "/signing-key").status());
    assertEquals(401, platform.send("GET", "/sandbox/" + id + "/signing-key", null, null).status());
  }

  @Test
  void readersDoNotGetTheKey() {
    String reader = "dtn_" + "e".repeat(64);
    platform.execute(
        """
        INSERT INTO api_key (organization_id, account_id, name, hash, prefix, suffix, permissions,
          created_at)
        SELECT organization_id, account_id, 'reader', ?, 'dtn', 'xxx', '{}', now() FROM api_key
        """,
        ApiKeyValue.hash(reader));
    String path = "/sandbox/" + id + "/signing-key";
    assertEquals(403, platform.send("GET", path, null, reader).status());
    assertEquals(403, platform.send("POST", path + "/rotate", "", reader).status());
  }

  @Test
  void aSandboxThatDoesNotRunSaysSo() {
    SignedFileRequest good = signed(key(), "GET", "/a", 0);
    platform.post("/sandbox/mine/stop");
    platform.awaitState(id, "stopped");
    DaytonaException refused =
        assertThrows(
            DaytonaException.class, () -> platform.control().gate().authorizeSigned(id, good));
    assertEquals(ErrorKind.BAD_REQUEST, refused.kind());
    assertEquals(200, platform.post("/sandbox/" + id + "/signing-key/rotate").status());
  }

  @Test
  void theKeyGoesWithItsSandbox() {
    key();
    platform.delete("/sandbox/" + id);
    platform.awaitState(id, "destroyed");
    platform.clock.advance(Duration.ofHours(25));
    platform.control().housekeeping();
    assertEquals(0, platform.count("SELECT count(*) FROM sandbox_signing_key"));
  }
}
