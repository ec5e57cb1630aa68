package io.daytona.toolbox.file;

import static io.daytona.toolbox.Replies.assertError;
import static io.daytona.toolbox.Replies.ok;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.daytona.http.Json;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Replacing a text in files (toolbox protocol §6.2; FS-14). */
@Timeout(60)
class ReplaceTest extends InFileBox {
  @Test
  void replacesEverywhereAndSaysWhereNot() throws Exception {
    Files.writeString(dir.resolve("a"), "foo bar foo.*baz");
    Files.writeString(dir.resolve("b"), "nothing");
    Files.createDirectory(dir.resolve("d"));
    new ProcessBuilder("mkfifo", dir.resolve("fifo").toString()).start().waitFor();
    JsonNode results =
        replace(
            List.of(
                here + "/a", here + "/absent", here + "/b", here + "/d", here + "/fifo", "", "a\0"),
            "foo",
            "ü");
    assertEquals("ü bar ü.*baz", Files.readString(dir.resolve("a")));
    assertEquals("nothing", Files.readString(dir.resolve("b")));
    assertSuccess(results.get(0), here + "/a");
    assertFailure(results.get(1), here + "/absent", "no such file or directory");
    assertSuccess(results.get(2), here + "/b");
    assertFailure(results.get(3), here + "/d", "is a directory");
    assertFailure(results.get(4), here + "/fifo", "invalid argument");
    assertFailure(results.get(5), "", "path is empty");
    assertFailure(results.get(6), "a\0", "a path holds no NUL");
    assertEquals(7, results.size());
  }

  @Test
  void isLiteral() throws Exception {
    Files.writeString(dir.resolve("a"), "a.b a+b $1");
    assertSuccess(replace(List.of(here + "/a"), ".b", "$1\\").get(0), here + "/a");
    assertEquals("a$1\\ a+b $1", Files.readString(dir.resolve("a")));
    assertSuccess(replace(List.of(here + "/a"), "$1", "").get(0), here + "/a");
    assertEquals("a\\ a+b ", Files.readString(dir.resolve("a")));
  }

  @Test
  void keepsModeAndOwnerAndLinksAndBytes() throws Exception {
    Path file = dir.resolve("f");
    byte[] bytes = "\0\u00ff\u00fe needle \u0080".getBytes(StandardCharsets.ISO_8859_1);
    Files.write(file, bytes);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-x--x"));
    Files.setAttribute(file, "unix:uid", 1234);
    Files.setAttribute(file, "unix:gid", 4321);
    Files.createSymbolicLink(dir.resolve("link"), Path.of("f"));
    assertSuccess(replace(List.of(here + "/link"), "needle", "pin").get(0), here + "/link");
    assertTrue(Files.isSymbolicLink(dir.resolve("link")));
    assertArrayEquals(
        "\0\u00ff\u00fe pin \u0080".getBytes(StandardCharsets.ISO_8859_1),
        Files.readAllBytes(file));
    assertEquals("rwxr-x--x", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
    assertEquals(1234, Files.getAttribute(file, "unix:uid"));
    assertEquals(4321, Files.getAttribute(file, "unix:gid"));
  }

  @Test
  void aFileWithoutTheTextIsNotTouched() throws Exception {
    Path file = Files.writeString(dir.resolve("f"), "x");
    FileTime old = FileTime.from(Instant.parse("2026-01-01T00:00:00Z"));
    Files.setLastModifiedTime(file, old);
    assertSuccess(replace(List.of(here + "/f"), "y", "z").get(0), here + "/f");
    assertEquals(old, Files.getLastModifiedTime(file));
  }

  @Test
  void findsWhatLiesAcrossPieces() throws Exception {
    String line = "0123456789needle";
    String text = line.repeat(200_000);
    Files.writeString(dir.resolve("big"), text);
    assertSuccess(replace(List.of(here + "/big"), "9needle0", "<>").get(0), here + "/big");
    assertEquals(text.replace("9needle0", "<>"), Files.readString(dir.resolve("big")));
    try (var names = Files.list(dir)) {
      assertEquals(1, names.count(), "no temporary file is left");
    }
  }

  @Test
  void needsThePermissionToWrite() throws Exception {
    try (FileBox nobody = FileBox.startAs("nobody")) {
      Path home = nobody.server().work().resolve("home");
      Files.writeString(home.resolve("roots"), "needle");
      Files.writeString(home.resolve("readonly"), "needle");
      Files.setAttribute(home.resolve("readonly"), "unix:uid", 65534);
      Files.setPosixFilePermissions(
          home.resolve("readonly"), PosixFilePermissions.fromString("r--r--r--"));
      Files.writeString(home.resolve("own"), "needle");
      Files.setAttribute(home.resolve("own"), "unix:uid", 65534);
      JsonNode results =
          ok(
              nobody
                  .server()
                  .post(
                      "/files/replace",
                      request(List.of("roots", "readonly", "own", "/etc/shadow"), "needle", "x")));
      assertFailure(results.get(0), "roots", "permission denied");
      assertFailure(results.get(1), "readonly", "permission denied");
      assertSuccess(results.get(2), "own");
      assertFailure(results.get(3), "/etc/shadow", "permission denied");
      assertEquals("needle", Files.readString(home.resolve("roots")));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"files\":[\"a\"],\"pattern\":\"x\"}",
        "{\"files\":[\"a\"],\"pattern\":\"\",\"newValue\":\"\"}",
        "{\"pattern\":\"x\",\"newValue\":\"\"}",
        "{\"files\":\"a\",\"pattern\":\"x\",\"newValue\":\"\"}",
        "{\"files\":[\"a\"],\"pattern\":7,\"newValue\":\"\"}",
        "[",
      })
  void anIncompleteBodyIsRefused(String body) throws Exception {
    assertError(
        box.server().post("/files/replace", body),
        400,
        "INVALID_REQUEST_BODY",
        "invalid body request: ");
  }

  @Test
  void noFilesAreNoResults() throws Exception {
    assertEquals("[]", replace(List.of(), "x", "y").toString());
  }

  private static JsonNode replace(List<String> files, String pattern, String newValue)
      throws Exception {
    return ok(box.server().post("/files/replace", request(files, pattern, newValue)));
  }

  private static String request(List<String> files, String pattern, String newValue)
      throws Exception {
    return Json.mapper()
        .writeValueAsString(Map.of("files", files, "pattern", pattern, "newValue", newValue));
  }

  private static void assertSuccess(JsonNode result, String file) {
    assertEquals(file, result.get("file").textValue());
    assertTrue(result.get("success").booleanValue(), result::toString);
    assertFalse(result.has("error"));
  }

  private static void assertFailure(JsonNode result, String file, String error) {
    assertEquals(file, result.get("file").textValue());
    assertFalse(result.get("success").booleanValue());
    assertTrue(result.get("error").textValue().contains(error), result::toString);
  }
}
