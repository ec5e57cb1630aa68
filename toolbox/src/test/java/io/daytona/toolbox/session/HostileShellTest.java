package io.daytona.toolbox.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.toolbox.ToolboxServer;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A sandbox that writes where only a session's shell should, or drowns what the shell reports. */
@Timeout(90)
@Tag("slow")
class HostileShellTest {
  private ToolboxServer server;
  private SessionClient session;
  private Path reports;

  @BeforeEach
  void start() throws Exception {
    server = ToolboxServer.start();
    session = SessionClient.create(server, "s");
    String pid = session.run("echo $$").get("stdout").textValue().strip();
    reports = Path.of("/proc/" + pid + "/fd/1");
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  @Test
  void aReportThatIsLostIsNotWaitedForForEver() throws Exception {
    Process flood =
        new ProcessBuilder("timeout", "4", "sh", "-c", "exec yes no-report > " + reports).start();
    int answers = 0;
    while (flood.isAlive() || answers == 0) {
      HttpResponse<byte[]> reply = session.exec(Map.of("command", "echo in the flood"));
      assertTrue(reply.statusCode() == 200 || reply.statusCode() == 410, reply::toString);
      answers++;
    }
    assertEquals("dry\n", session.run("echo dry").get("stdout").textValue());
  }

  @Test
  void aReportThatIsGarbledIsNotWaitedForForEver() throws Exception {
    Files.writeString(reports, "no newline");
    assertEquals(410, session.exec(Map.of("command", "echo first")).statusCode());
    assertEquals("next\n", session.run("echo next").get("stdout").textValue());
  }
}
