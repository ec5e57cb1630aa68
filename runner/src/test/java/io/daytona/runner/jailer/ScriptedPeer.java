package io.daytona.runner.jailer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** A peer on the other end of a socket that answers as a test says, malformed if it likes. */
final class ScriptedPeer implements AutoCloseable {
  private final ServerSocketChannel server;
  private final Behaviour behaviour;
  private final AtomicInteger accepted = new AtomicInteger();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final List<SocketChannel> open = new CopyOnWriteArrayList<>();

  /** What the peer does with a request line. */
  interface Behaviour {
    /**
     * Answers one request.
     *
     * @param connection number of the connection, from 1
     * @return bytes to send; null closes the connection
     */
    @org.jspecify.annotations.Nullable
    String answer(int connection, String request);
  }

  ScriptedPeer(Path socket, Behaviour behaviour) throws IOException {
    this.behaviour = behaviour;
    this.server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
    server.bind(UnixDomainSocketAddress.of(socket));
    Thread.ofVirtual().start(this::accept);
  }

  private void accept() {
    try {
      while (true) {
        SocketChannel channel = server.accept();
        int number = accepted.incrementAndGet();
        open.add(channel);
        Thread.ofVirtual().start(() -> serve(number, channel));
      }
    } catch (IOException e) {
      // The test is over: its close ended the wait.
      assert !server.isOpen();
    }
  }

  private void serve(int number, SocketChannel channel) {
    try (channel;
        BufferedReader lines =
            new BufferedReader(
                new InputStreamReader(
                    Channels.newInputStream(channel), StandardCharsets.US_ASCII))) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        requests.add(line);
        String answer = behaviour.answer(number, line);
        if (answer == null) {
          return;
        }
        ByteBuffer bytes = ByteBuffer.wrap(answer.getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
      }
    } catch (IOException e) {
      // The client left in the middle of an answer, as some tests want it to.
      assert number > 0;
    }
  }

  int connections() {
    return accepted.get();
  }

  List<String> requests() {
    return requests;
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (SocketChannel channel : open) {
      channel.close();
    }
  }
}
