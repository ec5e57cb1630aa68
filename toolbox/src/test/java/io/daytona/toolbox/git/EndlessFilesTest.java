package io.daytona.toolbox.git;

import static io.daytona.toolbox.Replies.assertError;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.toolbox.agent.AgentProcess;
import io.daytona.toolbox.agent.Spawn;
import io.daytona.toolbox.error.ToolboxError;
import io.daytona.wire.error.DaytonaException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that never end in the places where git looks. */
@Timeout(60)
@Tag("slow")
class EndlessFilesTest extends LocalRepository {
  @ParameterizedTest
  @ValueSource(strings = {".git/config", ".git/HEAD", ".git/index", ".git/info/exclude"})
  void fifoInTheRepository(String file) throws Exception {
    box.repository(repo);
    replaceByFifo(tree.resolve(file));
    refusesFifo(box.get("status", "path", repo), file);
  }

  @Test
  void fifoThatSettingsName() throws Exception {
    box.repository(repo);
    Commands.run(tree, "mkfifo", "../" + repo + ".fifo");
    Path fifo = tree.resolveSibling(repo + ".fifo");
    box.git(repo, "config", "include.path", fifo.toString());
    refusesFifo(box.get("status", "path", repo), fifo.toString());
  }

  @Test
  void fifoBehindAGitfile() throws Exception {
    box.repository(repo);
    Path worktree = tree.resolveSibling(repo + ".tree");
    box.git(repo, "worktree", "add", "-q", worktree.toString());
    Path common = Path.of(Files.readString(worktree.resolve(".git")).strip().substring(8));
    replaceByFifo(common.resolve("commondir"));
    refusesFifo(box.get("status", "path", worktree.toString()), "commondir");
    replaceByFifo(worktree.resolve(".git"));
    HttpResponse<byte[]> reply = box.get("status", "path", worktree.toString());
    assertTrue(reply.statusCode() >= 400 && reply.statusCode() < 500, "" + reply.statusCode());
  }

  @Test
  void fifoThatATransferMeets() throws Exception {
    box.repository(repo);
    box.git(repo, "remote", "add", "origin", tree.toString());
    replaceByFifo(tree.resolve(".git/packed-refs"));
    String copy = repo + ".copy";
    refusesFifo(box.post("clone", "url", tree.toString(), "path", copy), "packed-refs");
    assertTrue(Files.notExists(tree.resolveSibling(copy)));
    refusesFifo(box.post("pull", "path", repo), "packed-refs");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/dev/zero", "/dev/urandom"})
  void deviceThatNeverEnds(String device) throws Exception {
    box.repository(repo);
    box.git(repo, "config", "core.attributesFile", device);
    HttpResponse<byte[]> reply = box.post("add", "path", repo, "files", List.of("file"));
    assertError(reply, 400, "BAD_REQUEST", "bad request: git reads the device " + device);
  }

  @Test
  void aWorkingTreeOfOddFilesIsNoTrouble() throws Exception {
    box.repository(repo);
    Commands.run(tree, "mkfifo", "pipe");
    assertEquals(0, box.status(repo).get("fileStatus").size());
    assertEquals(200, box.post("add", "path", repo, "files", List.of("pipe")).statusCode());
  }

  @Test
  void aProgramThatDoesNothing() throws Exception {
    Files.writeString(box.work().resolve("wait"), "exec sleep 600\n");
    GitWatch.Patience little =
        new GitWatch.Patience(Duration.ofSeconds(1), Duration.ofDays(1), Duration.ofDays(1));
    AgentProcess process = spawn("sh wait & wait");
    try (GitRecords records = new GitRecords(process, '\0', watch(process, little))) {
      DaytonaException ended = assertThrows(DaytonaException.class, records::rest);
      assertEquals(408, ended.kind().status());
      assertTrue(ended.sentence().contains("waited for sleep"), ended.sentence());
    }
  }

  @Test
  void aFilterThatDoesNothingLeavesNoLock() throws Exception {
    box.repository(repo);
    box.git(repo, "config", "filter.wait.clean", "exec sleep 600");
    Files.writeString(tree.resolve(".gitattributes"), "slow filter=wait\n");
    Files.writeString(tree.resolve("slow"), "x");
    GitWatch.Patience little =
        new GitWatch.Patience(Duration.ofSeconds(1), Duration.ofDays(1), Duration.ofDays(1));
    AgentProcess process = spawn("cd " + repo + " && exec git add slow");
    try (GitRecords records = new GitRecords(process, '\0', watch(process, little))) {
      assertEquals(408, assertThrows(DaytonaException.class, records::rest).kind().status());
    }
    box.git(repo, "config", "--unset", "filter.wait.clean");
    box.done("add", "path", repo, "files", List.of("slow"));
  }

  @Test
  void aProgramThatWorksInSilence() throws Exception {
    GitWatch.Patience little =
        new GitWatch.Patience(Duration.ofMillis(300), Duration.ofDays(1), Duration.ofDays(1));
    AgentProcess process = spawn("i=0; while [ $i -lt 1500000 ]; do i=$((i+1)); done; echo done");
    try (GitRecords records = new GitRecords(process, '\0', watch(process, little))) {
      assertEquals("done\n", GitOutput.text(records.rest()));
    }
  }

  @Test
  void aGitThatWasKilled() throws Exception {
    box.repository(repo);
    box.git(repo, "config", "filter.kill.clean", "kill -9 $PPID");
    Files.writeString(tree.resolve(".gitattributes"), "victim filter=kill\n");
    Files.writeString(tree.resolve("victim"), "x");
    assertError(
        box.post("add", "path", repo, "files", List.of("victim")),
        422,
        "UNPROCESSABLE_ENTITY",
        "git was killed by signal 9; the sandbox's memory");
  }

  private AgentProcess spawn(String script) {
    return box.server()
        .client()
        .spawn(
            Spawn.merged(List.of("sh", "-c", script), Map.of(), box.work().toString()).unmerged());
  }

  private GitWatch watch(AgentProcess process, GitWatch.Patience patience) {
    return new GitWatch(box.server().client(), process, patience, ToolboxError::badRequest);
  }

  private static void replaceByFifo(Path file) throws Exception {
    Files.deleteIfExists(file);
    Commands.run(Path.of("/"), "mkfifo", file.toString());
  }

  private static void refusesFifo(HttpResponse<byte[]> reply, String name) throws Exception {
    assertError(reply, 400, "BAD_REQUEST", "bad request: git waits for the FIFO ");
    String body = new String(reply.body(), StandardCharsets.UTF_8);
    assertTrue(body.contains(name), body);
  }
}
