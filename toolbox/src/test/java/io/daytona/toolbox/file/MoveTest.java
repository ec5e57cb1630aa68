package io.daytona.toolbox.file;

import static io.daytona.toolbox.Replies.assertError;
import static io.daytona.toolbox.Replies.ok;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Moving and permissions (toolbox protocol §6.2; FS-12, FS-16, FS-17). */
@Timeout(60)
@Tag("slow")
class MoveTest extends InFileBox {
  @Test
  void movesAFile() throws Exception {
    Files.writeString(dir.resolve("a"), "content");
    HttpResponse<byte[]> reply = move(here + "/a", dir + "/b");
    assertEquals(200, reply.statusCode(), FileBox.text(reply));
    assertEquals(0, reply.body().length);
    assertFalse(Files.exists(dir.resolve("a")));
    assertEquals("content", Files.readString(dir.resolve("b")));
  }

  @Test
  void movesADirectoryAndALink() throws Exception {
    Files.createDirectories(dir.resolve("a/sub"));
    Files.writeString(dir.resolve("a/sub/f"), "x");
    Files.createSymbolicLink(dir.resolve("link"), Path.of("nowhere"));
    assertEquals(200, move(here + "/a", here + "/b").statusCode());
    assertEquals("x", Files.readString(dir.resolve("b/sub/f")));
    assertEquals(200, move(here + "/link", here + "/moved").statusCode());
    assertEquals("nowhere", Files.readSymbolicLink(dir.resolve("moved")).toString());
  }

  @ParameterizedTest
  @CsvSource({"file", "dir", "link", "source"})
  void whatIsAtTheDestinationStays(String destination) throws Exception {
    Files.writeString(dir.resolve("source"), "new");
    Files.writeString(dir.resolve("file"), "old");
    Files.createDirectory(dir.resolve("dir"));
    Files.createSymbolicLink(dir.resolve("link"), Path.of("nowhere"));
    String to = here + "/" + destination;
    assertError(
        move(here + "/source", to),
        409,
        "CONFLICT",
        "conflict: the destination exists already: " + to);
    assertEquals("new", Files.readString(dir.resolve("source")));
    assertEquals("old", Files.readString(dir.resolve("file")));
    assertTrue(Files.isSymbolicLink(dir.resolve("link")));
  }

  @Test
  void whatIsMissingIs404() throws Exception {
    Files.writeString(dir.resolve("a"), "");
    Files.writeString(dir.resolve("b"), "");
    String absent = here + "/absent";
    assertError(move(absent, here + "/c"), 404, "FILE_NOT_FOUND", "file not found: " + absent);
    assertError(move(absent, here + "/b"), 404, "FILE_NOT_FOUND", "file not found: " + absent);
    String to = here + "/no/parent";
    assertError(move(here + "/a", to), 404, "FILE_NOT_FOUND", "file not found: " + to);
    assertTrue(Files.exists(dir.resolve("a")));
  }

  @Test
  void aDirectoryDoesNotGoIntoItself() throws Exception {
    Files.createDirectory(dir.resolve("a"));
    assertError(
        move(here + "/a", here + "/a/b"), 400, "INVALID_FILE_PATH", "invalid file path: invalid");
  }

  @Test
  void bothPathsAreRequired() throws Exception {
    assertError(
        box.post("/files/move", "destination", "x"),
        400,
        "BAD_REQUEST",
        "bad request: source is required");
    assertError(
        box.post("/files/move", "source", "x"),
        400,
        "BAD_REQUEST",
        "bad request: destination is required");
  }

  @Test
  void movesToAnotherFileSystem() throws Exception {
    Files.createDirectory(dir.resolve("tree"));
    Files.writeString(dir.resolve("tree/f"), "content");
    Files.setPosixFilePermissions(
        dir.resolve("tree/f"), PosixFilePermissions.fromString("rwxr-x---"));
    Path memory = Files.createTempDirectory(Path.of("/dev/shm"), "dtn-move");
    Path other = memory.resolve("tree");
    try {
      assertEquals(200, move(here + "/tree", other.toString()).statusCode());
      assertFalse(Files.exists(dir.resolve("tree")));
      assertEquals(
          "0750", ok(box.get("/files/info", "path", other + "/f")).at("/permissions").textValue());
      assertEquals(409, move(here, other.toString()).statusCode());
      assertEquals(200, move(other.toString(), here + "/back").statusCode());
      assertEquals("content", Files.readString(dir.resolve("back/f")));
    } finally {
      box.call("DELETE", "/files", "path", memory.toString(), "recursive", "true");
    }
  }

  @Test
  void aSourceThatCannotBeDeletedAfterTheCopyIsSaid() throws Exception {
    try (FileBox nobody = FileBox.startAs("nobody")) {
      Path locked = nobody.directory().resolve("locked");
      Files.createDirectory(locked);
      Files.writeString(locked.resolve("f"), "kept");
      Path memory = Files.createTempDirectory(Path.of("/dev/shm"), "dtn-move");
      Files.setPosixFilePermissions(memory, PosixFilePermissions.fromString("rwxrwxrwx"));
      Path to = memory.resolve("f");
      try {
        var reply =
            ok(nobody.post("/files/move", "source", locked + "/f", "destination", to.toString()));
        assertTrue(reply.get("message").textValue().contains("could not be deleted"));
        assertTrue(reply.get("error").textValue().endsWith("permission denied"), reply::toString);
        assertEquals("kept", Files.readString(to));
        assertEquals("kept", Files.readString(locked.resolve("f")));
      } finally {
        Files.deleteIfExists(to);
        Files.delete(memory);
      }
    }
  }

  @Test
  void changesPermissions() throws Exception {
    Path file = Files.writeString(dir.resolve("f"), "");
    Files.createSymbolicLink(dir.resolve("link"), Path.of("f"));
    permit(here + "/f", "mode", "600");
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    permit(here + "/link", "mode", "4755", "owner", "daemon", "group", "12345");
    var info = ok(box.get("/files/info", "path", here + "/f"));
    assertEquals("-rwxr-xr-x", info.get("mode").textValue(), "only the nine bits take effect");
    assertEquals("0755", info.get("permissions").textValue());
    assertEquals("1", info.get("owner").textValue());
    assertEquals("12345", info.get("group").textValue());
    assertEquals(0, Files.getAttribute(dir.resolve("link"), "unix:uid", LinkOption.NOFOLLOW_LINKS));
    permit(here + "/f");
    permit(here + "/f", "owner", "2", "group", "daemon");
    assertEquals(2, Files.getAttribute(file, "unix:uid"));
    assertEquals(1, Files.getAttribute(file, "unix:gid"));
  }

  @Test
  void unknownNamesAreNamed() throws Exception {
    Files.writeString(dir.resolve("f"), "");
    assertError(
        box.post("/files/permissions", "path", here + "/f", "owner", "nobody-here"),
        400,
        "BAD_REQUEST",
        "user not found");
    assertError(
        box.post("/files/permissions", "path", here + "/f", "group", "nobody-here"),
        400,
        "BAD_REQUEST",
        "group not found");
    assertError(
        box.post("/files/permissions", "path", here + "/absent", "mode", "644"),
        404,
        "FILE_NOT_FOUND",
        "file not found: ");
    assertError(
        box.post("/files/permissions", "mode", "644"),
        400,
        "BAD_REQUEST",
        "bad request: path is required");
  }

  @ParameterizedTest
  @ValueSource(strings = {"999", "rwx", "-1", "0o7", "77777777777"})
  void aModeIsOctal(String mode) throws Exception {
    Files.writeString(dir.resolve("f"), "");
    assertError(
        box.post("/files/permissions", "path", here + "/f", "mode", mode),
        400,
        "BAD_REQUEST",
        "invalid mode format");
  }

  @Test
  void onlyTheOwnerChangesPermissions() throws Exception {
    try (FileBox nobody = FileBox.startAs("nobody")) {
      assertError(
          nobody.post("/files/permissions", "path", "/etc/passwd", "mode", "666"),
          403,
          "FILE_ACCESS_DENIED",
          "permission denied: /etc/passwd");
      assertError(
          nobody.post("/files/move", "source", "/etc/passwd", "destination", "/etc/other"),
          403,
          "FILE_ACCESS_DENIED",
          "permission denied: /etc/passwd");
    }
  }

  private static void permit(String path, String... query) throws Exception {
    String[] all = new String[query.length + 2];
    all[0] = "path";
    all[1] = path;
    System.arraycopy(query, 0, all, 2, query.length);
    HttpResponse<byte[]> reply = box.post("/files/permissions", all);
    assertEquals(200, reply.statusCode(), FileBox.text(reply));
    assertEquals(0, reply.body().length);
  }

  private static HttpResponse<byte[]> move(String source, String destination) throws Exception {
    return box.post("/files/move", "source", source, "destination", destination);
  }
}
