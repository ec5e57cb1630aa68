package io.daytona.toolbox.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.wire.error.DaytonaException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What a client of files may send: forms, ranges, queries, names. The first byte chooses. */
public final class FileParsersTest {
  /** Valid inputs, in ISO 8859-1. */
  public static final List<String> SEEDS =
      List.of(
          "m--e\r\nContent-Disposition: form-data; name=\"file\"; filename=\"f\"\r\n\r\nx\r\n--e--\r\n",
          String.join(
              "\r\n",
              "m--e",
              "Content-Disposition: form-data; name=files[0].path",
              "",
              "/tmp/a",
              "--e",
              "Content-Disposition: form-data; name=\"a\\\"b\"",
              "",
              "",
              "--e--",
              ""),
          "tmultipart/form-data; boundary=\"a b\"; charset=x",
          "rbytes=0-9",
          "rbytes=-5",
          "rbytes=7-",
          "q/files?path=%2Ftmp%2Fa+b&x=y",
          "dSun, 22 Nov 2026 04:00:00 GMT",
          "s/tmp/d/a\0f\0f\000644\00012\0000\0000\0001700000000.000000001",
          "n/tmp/d/a");

  private static final long SIZE = 100;

  /** The entry point of the fuzzer. */
  public static void fuzzerTestOneInput(byte[] input) throws IOException {
    accepts(input);
  }

  static boolean accepts(byte[] input) throws IOException {
    if (input.length == 0) {
      return false;
    }
    byte[] rest = Arrays.copyOfRange(input, 1, input.length);
    String text = new String(rest, StandardCharsets.ISO_8859_1);
    return switch (input[0]) {
      case 'm' -> form(rest);
      case 't' -> MultipartBody.boundary(Optional.of(text)).isPresent();
      case 'r' -> range(ByteRange.of(Optional.of(text), SIZE));
      case 'q' -> query(text);
      case 'd' -> date(text);
      case 's' -> listed(text);
      case 'n' -> found(rest);
      default -> false;
    };
  }

  private static boolean form(byte[] body) throws IOException {
    int[] open = {0, 0};
    try {
      MultipartBody.read(
          new ByteArrayInputStream(body),
          "e",
          new MultipartBody.Parts() {
            @Override
            public void begin(String name) {
              open[0]++;
            }

            @Override
            public void content(byte[] bytes, int offset, int length) {
              assertTrue(open[0] == open[1] + 1, "content outside of a part");
              assertTrue(offset >= 0 && length >= 0 && offset + length <= bytes.length);
            }

            @Override
            public void end() {
              open[1]++;
            }
          });
    } catch (DaytonaException e) {
      return false;
    }
    assertTrue(open[0] == open[1], "a part was begun and never ended");
    return open[0] > 0;
  }

  private static boolean range(ByteRange.Wanted wanted) {
    if (!(wanted instanceof ByteRange.Wanted.Part part)) {
      return false;
    }
    ByteRange range = part.range();
    assertTrue(range.first() >= 0 && range.length() > 0, "an empty range");
    assertTrue(range.first() + range.length() <= SIZE, "a range beyond the end");
    return true;
  }

  private static boolean date(String text) {
    Optional<Instant> date = Preconditions.parse(text);
    date.filter(time -> time.atOffset(ZoneOffset.UTC).getYear() < 10_000)
        .ifPresent(time ->
            assertEquals(date, Preconditions.parse(Preconditions.httpDate(time)), "another time"));
    return date.isPresent();
  }

  private static boolean listed(String record) {
    List<byte[]> fields =
        Stream.of(record.split("\0", -1))
            .map(field -> field.getBytes(StandardCharsets.ISO_8859_1))
            .toList();
    try {
      FileInfo info = FileInfo.of("a", "/a", FileTree.stat(fields));
      assertTrue(info.mode().length() >= 10 && info.permissions().matches("0[0-7]{3}"), "mode");
      return true;
    } catch (DaytonaException e) {
      return false;
    }
  }

  private static boolean found(byte[] path) {
    FoundPaths paths = new FoundPaths("/tmp/d/", "d/./");
    assertTrue(paths.absolute(path).startsWith("/tmp/d"), "a path outside");
    return paths.asAsked(path).startsWith("d") && !paths.below(path).isEmpty();
  }

  private static boolean query(String uri) {
    Optional<String> value = RawQuery.value(uri, "path");
    value.ifPresent(name -> {
      String header = ContentDisposition.parameters(name);
      assertTrue(
          header.chars().allMatch(c -> c >= ' ' && c <= 0xff && c != 0x7f),
          "a name that ends its header");
    });
    return value.isPresent();
  }

  /** Its pattern used to take more stack than there is. */
  @Test
  void aLongNameIsReadWhole() throws IOException {
    String name = "n".repeat(10_000) + "\\\"";
    String form =
        "--e\r\nContent-Disposition: form-data; name=\"" + name + "\"\r\n\r\nx\r\n--e--\r\n";
    int[] length = {0};
    MultipartBody.read(
        new ByteArrayInputStream(form.getBytes(StandardCharsets.ISO_8859_1)),
        "e",
        new MultipartBody.Parts() {
          @Override
          public void begin(String read) {
            length[0] = read.length();
          }

          @Override
          public void content(byte[] bytes, int offset, int count) {
            assertEquals(1, count);
          }

          @Override
          public void end() {
            assertEquals(10_001, length[0]);
          }
        });
    assertEquals(10_001, length[0]);
  }

  @Test
  void seedsAreAccepted() throws IOException {
    for (String seed : SEEDS) {
      assertTrue(accepts(seed.getBytes(StandardCharsets.ISO_8859_1)), seed);
    }
  }
}
