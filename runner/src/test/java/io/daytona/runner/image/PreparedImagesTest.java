package io.daytona.runner.image;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.daytona.wire.runner.PreparedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PreparedImagesTest {
  @TempDir Path directory;

  private void write(String name, String text) throws IOException {
    Files.writeString(directory.resolve(name), text);
  }

  private static String description(String layer, String image, String created) {
    return "{\"layer\":\"%s\",\"image\":\"%s\",\"size_bytes\":7,\"created\":\"%s\",\"packages\":1}\n"
        .formatted(layer, image, created);
  }

  @Test
  void listsDescribedImagesOldestFirst() throws Exception {
    write("bbbbbbbb.json", description("bbbbbbbb", "default", "2026-01-02T00:00:00Z"));
    write("cccccccc.json", description("cccccccc", "default", "2026-01-01T00:00:00Z"));
    write("cccccccc.tar", "bytes");
    assertEquals(
        List.of(
            new PreparedImage("default", "cccccccc", 7, Instant.parse("2026-01-01T00:00:00Z")),
            new PreparedImage("default", "bbbbbbbb", 7, Instant.parse("2026-01-02T00:00:00Z"))),
        new PreparedImages(directory).list());
  }

  @Test
  void readsHowAnImportedImageIsOffered() throws Exception {
    String whole = "{\"user\":\"root\",\"cpu\":2,\"memory_gib\":3,\"disk_gib\":4}";
    write("aaaaaaaa.json", imported("aaaaaaaa", whole));
    write("bbbbbbbb.json", imported("bbbbbbbb", whole.replace(":4", ":0")));
    write("cccccccc.json", imported("cccccccc", "{}"));
    assertEquals(
        List.of(
            new PreparedImage(
                "alpine", "aaaaaaaa", 7, Instant.EPOCH, new PreparedImage.Offer("root", 2, 3, 4))),
        new PreparedImages(directory).list());
  }

  private static String imported(String layer, String offer) {
    return description(layer, "alpine", "1970-01-01T00:00:00Z")
        .replace("}", ",\"snapshot\":" + offer + "}");
  }

  @Test
  void leavesMalformedDescriptionsOut() throws Exception {
    write("aaaaaaaa.json", "not json");
    write("bbbbbbbb.json", description("dddddddd", "default", "2026-01-02T00:00:00Z"));
    write("cccccccc.json", description("cccccccc", "../x", "2026-01-02T00:00:00Z"));
    write("dddddddd.json", description("dddddddd", "default", "yesterday"));
    write("eeeeeeee.json", " ".repeat(70_000));
    Files.createSymbolicLink(directory.resolve("ffffffff.json"), Path.of("/etc/passwd"));
    Files.createDirectory(directory.resolve("gggggggg.json"));
    assertEquals(List.of(), new PreparedImages(directory).list());
  }

  @Test
  void findsNothingInAMissingDirectory() {
    assertEquals(List.of(), new PreparedImages(directory.resolve("none")).list());
  }

  @Test
  void namesNoTarOutsideItsDirectory() {
    PreparedImages images = new PreparedImages(directory);
    assertEquals(directory.resolve("aaaaaaaa.tar"), images.tar("aaaaaaaa"));
    assertThrows(IllegalArgumentException.class, () -> images.tar("../../etc/x"));
  }
}
