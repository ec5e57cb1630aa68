package io.daytona.toolbox.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.toolbox.RealAgent;
import io.daytona.toolbox.ToolboxServer;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A list of commands does not take the memory that their files in the sandbox would. */
@Timeout(120)
@Tag("slow")
class CommandTextsTest {
  @Test
  void theTextsOfAListAreBounded() throws Exception {
    RealAgent agent = RealAgent.start();
    try (ToolboxServer server = ToolboxServer.start(agent, "root", agent.work().toString())) {
      SessionClient session =
          SessionClient.create(server, "texts-" + ProcessHandle.current().pid());
      String text = ": " + "x".repeat(10_000);
      for (int i = 0; i < 4; i++) {
        session.run(text);
      }
      assertEquals(List.of(10_002, 10_002, 10_002, 10_002), lengths(session));
      for (Path file : files(server, session)) {
        try (RandomAccessFile grown = new RandomAccessFile(file.toFile(), "rw")) {
          grown.setLength(CommandTexts.MOST * 3L / 4);
        }
      }
      int most = CommandTexts.MOST;
      assertEquals(List.of(most * 3 / 4, most / 4, 512, 512), lengths(session));
      JsonNode one = session.get().get("commands").get(3);
      assertEquals(
          most * 3 / 4,
          session.command(one.get("id").textValue()).get("command").textValue().length());
      assertEquals(204, session.delete().statusCode());
    }
  }

  private static List<Integer> lengths(SessionClient session) throws Exception {
    return session
        .get()
        .get("commands")
        .valueStream()
        .map(command -> command.get("command").textValue().length())
        .toList();
  }

  private static List<Path> files(ToolboxServer server, SessionClient session) throws Exception {
    Path home = Path.of(server.client().identity("", Map.of(), "root", "/").home());
    try (Stream<Path> all = Files.walk(home.resolve(".daytona/sessions/" + session.id()))) {
      List<Path> found = all.filter(file -> file.endsWith("cmd.sh")).toList();
      assertTrue(found.size() == 4, found::toString);
      return found;
    }
  }
}
