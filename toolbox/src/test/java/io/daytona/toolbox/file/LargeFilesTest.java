package io.daytona.toolbox.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.toolbox.ToolboxServer;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.net.HttpURLConnection;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two gibibytes up and down, in memory that does not grow with it. */
@Tag("slow")
@Timeout(600)
class LargeFilesTest {
  private static final long SIZE = 2L << 30;
  private static final long MAX_LIVE_GROWTH = 64L << 20;

  private static ToolboxServer server;

  @BeforeAll
  static void start() throws Exception {
    server = ToolboxServer.start();
  }

  @AfterAll
  static void stop() throws Exception {
    server.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {"raw", "form", "bulk"})
  void streamsBothWays(String way) throws Exception {
    Path file = server.work().resolve(way);
    long before = liveHeap();
    LiveHeapWatch watch = new LiveHeapWatch();
    long sent = upload(way, watch);
    assertEquals(SIZE, Files.size(file));
    long received = download(way, watch);
    assertEquals(sent, received, "the same bytes");
    long growth = watch.peak() - before;
    assertTrue(growth < MAX_LIVE_GROWTH, "live heap grew by " + (growth >> 20) + " MiB");
    Files.delete(file);
  }

  private static long upload(String way, LiveHeapWatch watch) throws IOException {
    String route = way.equals("bulk") ? "/files/bulk-upload" : "/files/upload-v2?path=" + way;
    HttpURLConnection http = (HttpURLConnection) server.uri(route).toURL().openConnection();
    http.setRequestMethod("POST");
    http.setDoOutput(true);
    http.setChunkedStreamingMode(1 << 18);
    http.setRequestProperty(
        "Content-Type", way.equals("raw") ? "application/octet-stream" : Form.CONTENT_TYPE);
    CRC32C sum = new CRC32C();
    try (OutputStream out = http.getOutputStream()) {
      out.write(head(way));
      byte[] block = new byte[1 << 20];
      for (int i = 0; i < SIZE / block.length; i++) {
        fill(block, i);
        sum.update(block);
        out.write(block);
        if (i % 256 == 128) {
          watch.look();
        }
      }
      out.write(way.equals("raw") ? new byte[0] : tail());
    }
    assertEquals(200, http.getResponseCode());
    return sum.getValue();
  }

  private static long download(String way, LiveHeapWatch watch) throws IOException {
    CRC32C sum = new CRC32C();
    long total = 0;
    try (InputStream in =
        server.uri("/files/download?path=" + way).toURL().openConnection().getInputStream()) {
      byte[] block = new byte[1 << 18];
      int looks = 0;
      for (int count = in.read(block); count >= 0; count = in.read(block)) {
        sum.update(block, 0, count);
        total += count;
        if (total >> 28 > looks) {
          looks++;
          watch.look();
        }
      }
    }
    assertEquals(SIZE, total);
    return sum.getValue();
  }

  private static void fill(byte[] block, int number) {
    for (int i = 0; i < block.length; i += 64) {
      block[i] = (byte) (number + i);
      block[i + 1] = (byte) (number >> 3);
    }
  }

  private static byte[] head(String way) {
    return switch (way) {
      case "raw" -> new byte[0];
      case "form" -> withoutEnd(new Form().file("file", "").cut());
      default -> withoutEnd(new Form().field("files[0].path", way).file("files[0].file", "").cut());
    };
  }

  private static byte[] withoutEnd(byte[] form) {
    return Arrays.copyOf(form, form.length - 2);
  }

  private static byte[] tail() {
    return ("\r\n--" + Form.BOUNDARY + "--\r\n").getBytes(StandardCharsets.US_ASCII);
  }

  /** Bytes that are still in use after a full collection. */
  private static long liveHeap() {
    System.gc();
    long used = 0;
    for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
      if (pool.getType() == MemoryType.HEAP && pool.getCollectionUsage() != null) {
        used += pool.getCollectionUsage().getUsed();
      }
    }
    return used;
  }

  private static final class LiveHeapWatch {
    private long peak;

    void look() {
      peak = Math.max(peak, liveHeap());
    }

    long peak() {
      return peak;
    }
  }
}
