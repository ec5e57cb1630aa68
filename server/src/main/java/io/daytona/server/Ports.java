package io.daytona.server;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Bound ports, and the files that tell others which they are. */
final class Ports {
  private static final Logger LOG = LoggerFactory.getLogger(Ports.class);
  private static final int BACKLOG = 1024;

  private Ports() {}

  /**
   * Binds a port.
   *
   * @param address name or address of an interface
   * @param port 1…65535; 0 means the one in the file if it is free, so that a restarted server
   *     keeps its port, else any free one
   * @param file where the port is written, for those who do not know it
   * @throws StartException when it is taken
   */
  static ServerSocketChannel bind(String address, int port, Path file) {
    try {
      ServerSocketChannel bound =
          port == 0 ? bindAny(address, remembered(file)) : bind(address, port);
      write(file, port(bound));
      return bound;
    } catch (IOException e) {
      throw new StartException(
          "cannot listen on %s port %d: %s; stop what uses it or choose another port"
              .formatted(address, port, e.getMessage()),
          e);
    }
  }

  /** The port a socket is bound to. */
  static int port(ServerSocketChannel bound) throws IOException {
    return ((InetSocketAddress) bound.getLocalAddress()).getPort();
  }

  private static ServerSocketChannel bindAny(String address, int remembered) throws IOException {
    try {
      return bind(address, remembered);
    } catch (IOException e) {
      LOG.info("port {} of the last time is taken, any other will do", remembered);
      return bind(address, 0);
    }
  }

  private static ServerSocketChannel bind(String address, int port) throws IOException {
    ServerSocketChannel channel = ServerSocketChannel.open();
    try {
      channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
      channel.bind(new InetSocketAddress(host(address), port), BACKLOG);
      return channel;
    } catch (IOException e) {
      channel.close();
      throw e;
    }
  }

  private static InetAddress host(String address) throws IOException {
    InetAddress[] all = InetAddress.getAllByName(address);
    return all[0];
  }

  private static int remembered(Path file) throws IOException {
    if (!Files.exists(file)) {
      return 0;
    }
    String text = Files.readString(file).strip();
    return text.matches("\\d{1,5}") && Integer.parseInt(text) <= 65535 ? Integer.parseInt(text) : 0;
  }

  /** Overwrites in place: the directory is root's, the files in it may be ours. */
  private static void write(Path file, int port) {
    try {
      Files.writeString(file, port + "\n");
    } catch (IOException e) {
      LOG.warn("{} cannot be written, others must know port {} by themselves: {}", file, port, e);
    }
  }
}
