package io.daytona.runner.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.daytona.wire.runner.Origin;
import io.daytona.wire.runner.SandboxSpec;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EnvironmentTest {

  private static SandboxSpec spec(String user, Map<String, String> env) {
    return new SandboxSpec(
        "s1",
        new Origin("o1", "eu", "snap"),
        List.of("01234567"),
        1,
        1,
        3,
        user,
        env,
        List.of(),
        "default");
  }

  @Test
  void readsTheLinesOfAnImage() {
    assertEquals(
        Map.of("LANG", "de", "EMPTY", "", "URL", "http://a/?b=c"),
        ImageEnvironments.parse(
            "# a comment=1\n\nLANG=de\nEMPTY=\nURL=http://a/?b=c\r\n=x\nno line\nbad name=1\n2=3"));
  }

  @Test
  void boundsWhatAnImageMayAskFor() {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < 1000; i++) {
      text.append("K").append(i).append("=v\n");
    }
    assertEquals(128, ImageEnvironments.parse(text.toString()).size());
  }

  @Test
  void letsTheClientWinOverTheImageAndTheImageOverDefaults() {
    Map<String, String> env =
        BaseEnvironment.of(
            spec("daytona", Map.of("A", "client", "DAYTONA_SANDBOX_ID", "mine")),
            Map.of("A", "image", "LANG", "de", "DAYTONA_SANDBOX_USER", "image"),
            Map.of("A", "host", "DAYTONA_OTEL_ENDPOINT", "http://collector:4318"));
    assertEquals("client", env.get("A"));
    assertEquals("de", env.get("LANG"));
    assertEquals("daytona", env.get("DAYTONA_SANDBOX_USER"));
    assertEquals("mine", env.get("DAYTONA_SANDBOX_ID"));
    assertEquals("o1", env.get("DAYTONA_ORGANIZATION_ID"));
    assertEquals("eu", env.get("DAYTONA_REGION_ID"));
    assertEquals("snap", env.get("DAYTONA_SANDBOX_SNAPSHOT"));
    assertEquals("http://collector:4318", env.get("DAYTONA_OTEL_ENDPOINT"));
    assertFalse(env.containsKey("HOME"), "the agent knows the home from the image's passwd");
  }

  @Test
  void putsTheUsersOwnProgramsFirst() {
    assertEquals(
        "/home/daytona/.local/bin:/home/daytona/.npm-global/bin:"
            + "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        BaseEnvironment.of(spec("daytona", Map.of()), Map.of(), Map.of()).get("PATH"));
    assertEquals(
        "/root/.local/bin:/root/.npm-global/bin:"
            + "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        BaseEnvironment.of(spec("root", Map.of()), Map.of(), Map.of()).get("PATH"));
  }
}
