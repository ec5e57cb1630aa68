package io.daytona.toolbox.file;

import static io.daytona.toolbox.Replies.assertError;
import static io.daytona.toolbox.Replies.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.toolbox.ToolboxServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Finding texts and names (toolbox protocol §6.2; FS-13, FS-15). */
@Timeout(60)
@Tag("slow")
class SearchTest extends InFileBox {
  @Test
  void findsLines() throws Exception {
    Files.createDirectory(dir.resolve("sub"));
    Files.writeString(dir.resolve("a.txt"), "first\nTODO: [x]*\nlast TODO: [x]*");
    Files.writeString(dir.resolve("sub/b"), "ü TODO: [x]*\r\nnot todo\n");
    JsonNode found = find(here, "TODO: [x]*");
    assertEquals(
        List.of(
            here + "/a.txt:2:TODO: [x]*",
            here + "/a.txt:3:last TODO: [x]*",
            here + "/sub/b:1:ü TODO: [x]*"),
        lines(found));
    assertEquals(List.of("content", "file", "line"), keys(found.get(0)));
    assertTrue(found.get(0).get("line").isInt());
  }

  @Test
  void findsInOneFile() throws Exception {
    Files.writeString(dir.resolve("a"), "x\ny\n");
    assertEquals(List.of(here + "/a:2:y"), lines(find(here + "/a", "y")));
  }

  @Test
  void leavesOutWhatIsNoText() throws Exception {
    Files.write(dir.resolve("binary"), new byte[] {'x', 0, 'x', '\n'});
    Files.writeString(dir.resolve("empty"), "");
    Files.createSymbolicLink(dir.resolve("link"), Path.of("text"));
    Files.createSymbolicLink(dir.resolve("loop"), Path.of("."));
    Files.writeString(dir.resolve("late"), "x\n" + "y".repeat(600) + "\0\n");
    Files.writeString(dir.resolve("long"), "x\n" + "y".repeat(65_536) + "\nx\n");
    Files.writeString(dir.resolve("text"), "x\n");
    new ProcessBuilder("mkfifo", dir.resolve("fifo").toString()).start().waitFor();
    assertEquals(
        List.of(here + "/late:1:x", here + "/long:1:x", here + "/text:1:x"),
        lines(find(here, "x")));
  }

  @ParameterizedTest
  @CsvSource({
    "*.ts, src/a.ts|src/.hidden.ts",
    "?.ts, src/a.ts",
    "[a-b].*, src/a.ts|src/b.tsx",
    "src, src",
    "b.tsx, src/b.tsx",
    "**, .|src|src/.hidden.ts|src/a.ts|src/b.tsx",
    "src/*, ''",
    "A.TS, ''",
    "[a, ''",
    "a\\, ''",
  })
  void searchesNames(String glob, String expected) throws Exception {
    Files.createDirectory(dir.resolve("src"));
    for (String name : List.of(".hidden.ts", "a.ts", "b.tsx")) {
      Files.writeString(dir.resolve("src").resolve(name), "");
    }
    List<String> wanted = new ArrayList<>();
    for (String path : expected.isEmpty() ? new String[0] : expected.split("\\|")) {
      wanted.add(path.equals(".") ? here : here + "/" + path);
    }
    JsonNode reply = search(here, glob);
    assertEquals(List.of("files"), keys(reply));
    assertEquals(wanted.stream().sorted().toList(), texts(reply).stream().sorted().toList());
  }

  @Test
  void pathsAreGivenAsTheRootWasAsked() throws Exception {
    Files.createDirectory(dir.resolve("sub"));
    Files.writeString(dir.resolve("sub/f.txt"), "needle");
    String up = here + "/../" + here;
    assertEquals(List.of(dir + "/sub/f.txt"), texts(search(dir.toString(), "*.txt")));
    assertEquals(List.of(dir + "/sub/f.txt"), texts(search(dir + "//", "*.txt")));
    assertEquals(List.of(here + "/sub/f.txt"), texts(search("./" + here + "/./", "*.txt")));
    assertEquals(List.of(up + "/sub/f.txt"), texts(search(up, "*.txt")));
    assertTrue(texts(search(".", "f.txt")).contains(here + "/sub/f.txt"));
    assertEquals(List.of(here + "/sub/"), texts(search(here + "/sub/", "sub")));
    assertEquals(
        List.of(here + "/sub/f.txt:1:needle"), lines(find(here + "/", "needle")), "find too");
  }

  @Test
  void homeIsUnderstoodAndGivenBack() throws Exception {
    Path home = Files.createTempDirectory(Path.of(System.getProperty("user.home")), "dtn-search");
    try {
      Files.writeString(home.resolve("f.txt"), "needle");
      String root = "~/" + home.getFileName();
      List<String> found = texts(search(root, "*.txt"));
      assertEquals(List.of(root + "/f.txt"), found);
      assertEquals("needle", FileBox.text(box.get("/files/download", "path", found.getFirst())));
    } finally {
      Files.delete(home.resolve("f.txt"));
      Files.delete(home);
    }
  }

  @Test
  void aNameThatLooksLikeHomeIsNotTakenForIt() throws Exception {
    Path tilde = Files.createDirectory(box.server().work().resolve("~"));
    Files.writeString(tilde.resolve("odd.txt"), "here");
    List<String> found = texts(search(".", "odd.txt"));
    assertEquals(List.of("./~/odd.txt"), found);
    assertEquals("here", FileBox.text(box.get("/files/download", "path", found.getFirst())));
  }

  @Test
  void nothingIsAnEmptyArray() throws Exception {
    assertEquals("[]", FileBox.text(box.get("/files/find", "path", here, "pattern", "x")));
    assertEquals("[]", FileBox.text(box.get("/files/find", "path", "absent", "pattern", "x")));
    String none = "{\"files\":[]}";
    assertEquals(none, FileBox.text(box.get("/files/search", "path", here, "pattern", "x")));
    assertEquals(none, FileBox.text(box.get("/files/search", "path", "absent", "pattern", "*")));
    assertEquals(none, FileBox.text(box.get("/files/search", "path", here, "pattern", "[")));
  }

  @ParameterizedTest
  @ValueSource(strings = {"/files/find", "/files/search"})
  void bothParametersAreRequired(String route) throws Exception {
    assertError(
        box.get(route, "pattern", "x"), 400, "BAD_REQUEST", "bad request: path is required");
    assertError(
        box.get(route, "path", "."), 400, "BAD_REQUEST", "bad request: pattern is required");
    assertError(
        box.get(route, "path", ".", "pattern", "a\0b"), 400, "BAD_REQUEST", "bad request: a patt");
  }

  @ParameterizedTest
  @ValueSource(strings = {"/files/find", "/files/search"})
  void whatMayNotBeReadIs403AndLeftOutBelow(String route) throws Exception {
    try (FileBox nobody = FileBox.startAs("nobody")) {
      assertError(
          nobody.get(route, "path", "/root", "pattern", "x"),
          403,
          "FILE_ACCESS_DENIED",
          "permission denied: /root");
      assertEquals(200, nobody.get(route, "path", "/etc/ssl", "pattern", "xyzzy").statusCode());
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/files/find?path=/&pattern=x",
        "/files/search?path=/&pattern=x",
        "/files?depth=2",
        "/files/watch?path=/"
      })
  void aSandboxWithoutTheToolsSaysWhatToDo(String route) throws Exception {
    try (ToolboxServer old = ToolboxServer.start()) {
      assertError(
          old.get(route),
          503,
          "SERVICE_UNAVAILABLE",
          "The sandbox was started without the platform's file tools; stop and start it");
    }
  }

  @Test
  void tenThousandFilesAreQuick() throws Exception {
    for (int d = 0; d < 100; d++) {
      Path sub = Files.createDirectory(dir.resolve("d" + d));
      for (int f = 0; f < 100; f++) {
        Files.writeString(sub.resolve("f" + f + ".txt"), "line\nnumber " + f + "\n");
      }
    }
    long start = System.nanoTime();
    assertEquals(100, find(here, "number 77").size());
    long found = System.nanoTime();
    assertEquals(100, texts(search(here, "f77.*")).size());
    long searched = System.nanoTime();
    assertEquals(10_100, ok(box.get("/files", "path", here, "depth", "2")).size());
    long listed = System.nanoTime();
    System.out.printf(
        "10,000 files: find %.1f ms, search %.1f ms, list %.1f ms%n",
        (found - start) / 1e6, (searched - found) / 1e6, (listed - searched) / 1e6);
  }

  private static JsonNode find(String path, String pattern) throws Exception {
    return ok(box.get("/files/find", "path", path, "pattern", pattern));
  }

  private static JsonNode search(String path, String pattern) throws Exception {
    return ok(box.get("/files/search", "path", path, "pattern", pattern));
  }

  private static List<String> lines(JsonNode found) {
    List<String> lines = new ArrayList<>();
    found.forEach(match ->
        lines.add(
            match.get("file").textValue()
                + ":"
                + match.get("line").intValue()
                + ":"
                + match.get("content").textValue()));
    return lines;
  }

  private static List<String> texts(JsonNode reply) {
    List<String> texts = new ArrayList<>();
    reply.get("files").forEach(path -> texts.add(path.textValue()));
    return texts;
  }

  private static List<String> keys(JsonNode object) {
    List<String> keys = new ArrayList<>();
    object.fieldNames().forEachRemaining(keys::add);
    return keys.stream().sorted().toList();
  }
}
