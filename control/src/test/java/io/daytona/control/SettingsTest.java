package io.daytona.control;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class SettingsTest {
  private TestPlatform platform;

  @BeforeAll
  void start() {
    platform = TestPlatform.start();
    platform.create("{\"name\": \"box\"}");
  }

  @AfterAll
  void stop() {
    platform.close();
  }

  @ParameterizedTest
  @CsvSource({
    "autostop/30,autoStopInterval,30",
    "autostop/0,autoStopInterval,0",
    "autoarchive/60,autoArchiveInterval,60",
    "autoarchive/0,autoArchiveInterval,43200",
    "autoarchive/99999,autoArchiveInterval,43200",
    "autodelete/60,autoDeleteInterval,60",
    "autodelete/-1,autoDeleteInterval,-1",
    "autodelete/-7,autoDeleteInterval,-1",
    "public/true,public,true",
    "public/false,public,false"
  })
  void changes(String path, String key, String value) {
    TestPlatform.Reply reply = platform.post("/sandbox/box/" + path);
    assertEquals(200, reply.status());
    assertEquals(value, reply.text(key));
    assertEquals(value, platform.get("/sandbox/box").text(key));
  }

  @ParameterizedTest
  @CsvSource({
    "autostop/-1,Auto-stop interval must be non-negative",
    "autoarchive/-1,Auto-archive interval must be non-negative",
    "autostop/soon,interval must be a whole number of minutes",
    "autostop/1.5,interval must be a whole number of minutes",
    "public/perhaps,isPublic must be true or false"
  })
  void refuses(String path, String sentence) {
    TestPlatform.Reply reply = platform.post("/sandbox/box/" + path);
    assertEquals(400, reply.status());
    assertEquals(sentence, reply.text("message"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"{}", "{\"labels\": null}", "{\"labels\": [1]}", "{\"labels\": {\"a\": 1}}"})
  void refusesLabelsThatAreNotAnObjectOfStrings(String body) {
    TestPlatform.Reply reply = platform.put("/sandbox/box/labels", body);
    assertEquals(400, reply.status());
    assertTrue(reply.text("message").contains("label"), reply.text("message"));
  }

  @ParameterizedTest
  @CsvSource({"0", "65536", "-1", "http"})
  void refusesPortsThatDoNotExist(String port) {
    TestPlatform.Reply reply = platform.get("/sandbox/box/ports/" + port + "/preview-url");
    assertEquals(400, reply.status());
    assertEquals("Invalid port", reply.text("message"));
  }

  @Test
  void tellsWhereASandboxIsReached() {
    TestPlatform.Reply preview = platform.get("/sandbox/box/ports/3000/preview-url");
    String id = preview.text("sandboxId");
    assertEquals("http://3000-" + id + ".proxy.localhost:4000", preview.text("url"));
    assertTrue(preview.text("token").matches("[a-z0-9]{32}"));
    assertEquals(
        "http://127.0.0.1:4000/toolbox",
        platform.get("/sandbox/" + id + "/toolbox-proxy-url").text("url"));
  }

  @Test
  void knowsNothingOfUnknownSandboxes() {
    for (String path : new String[] {"autostop/1", "public/true", "last-activity", "start"}) {
      assertEquals(404, platform.post("/sandbox/unknown/" + path).status(), path);
    }
    assertEquals(404, platform.put("/sandbox/unknown/labels", "{\"labels\": {}}").status());
    assertEquals(404, platform.get("/sandbox/unknown/toolbox-proxy-url").status());
  }
}
