package io.daytona.http;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The kernel's table of TCP connections ({@code proc_net_tcp(5)}). */
final class TcpTable {
  private static final Logger LOG = LoggerFactory.getLogger(TcpTable.class);
  private static final List<Path> FILES =
      List.of(Path.of("/proc/self/net/tcp"), Path.of("/proc/self/net/tcp6"));

  /** State of a connection that neither side has closed. */
  private static final String ESTABLISHED = "01";

  /** How the table spells an IPv4 address on an IPv6 socket. */
  private static final String MAPPED = "0000000000000000FFFF0000";

  private static final int LOCAL = 1;
  private static final int REMOTE = 2;
  private static final int STATE = 3;

  private TcpTable() {}

  /** Both ends of every connection that neither side has closed; empty when nobody can tell. */
  static Optional<Set<String>> established() {
    Set<String> open = new HashSet<>();
    boolean read = false;
    for (Path file : FILES) {
      try (Stream<String> lines = Files.lines(file, StandardCharsets.ISO_8859_1)) {
        lines
            .map(line -> line.strip().split("\\s+", STATE + 2))
            .filter(fields -> fields.length > STATE && fields[STATE].equals(ESTABLISHED))
            .forEach(fields -> open.add(end(fields[LOCAL]) + " " + end(fields[REMOTE])));
        read = true;
      } catch (IOException | java.io.UncheckedIOException e) {
        // A kernel without IPv6 has one file only.
        LOG.debug("{} cannot be read", file, e);
      }
    }
    return read ? Optional.of(open) : Optional.empty();
  }

  /** A connection in the table's words. */
  static String connection(InetSocketAddress local, InetSocketAddress remote) {
    return end(local) + " " + end(remote);
  }

  private static String end(String written) {
    return written.startsWith(MAPPED) ? written.substring(MAPPED.length()) : written;
  }

  private static String end(InetSocketAddress address) {
    ByteBuffer bytes =
        ByteBuffer.wrap(address.getAddress().getAddress()).order(ByteOrder.nativeOrder());
    StringBuilder text = new StringBuilder(40);
    while (bytes.hasRemaining()) {
      text.append("%08X".formatted(bytes.getInt()));
    }
    return end(text.append(':').append("%04X".formatted(address.getPort())).toString());
  }
}
