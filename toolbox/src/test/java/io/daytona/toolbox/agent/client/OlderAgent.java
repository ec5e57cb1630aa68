package io.daytona.toolbox.agent.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.daytona.toolbox.RealAgent;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;

/** The real agent, whose greeting says on the way that it has no features, as its first release. */
public final class OlderAgent {
  private static final int FEATURE = 59;

  /** Last byte of the version, the first field. */
  private static final int VERSION_END = 12;

  private OlderAgent() {}

  /** Connects to the agent through a relay that listens on a socket of its own. */
  public static AgentClient connect(RealAgent agent, Path relay) throws IOException {
    try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
      server.bind(UnixDomainSocketAddress.of(relay));
      Thread.startVirtualThread(() -> serve(server, agent.socket()));
      return AgentClient.connect(relay, Duration.ofSeconds(20));
    }
  }

  private static void serve(ServerSocketChannel server, Path socket) {
    try (SocketChannel client = server.accept();
        SocketChannel agent = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
      Thread upwards =
          Thread.startVirtualThread(
              () -> pump(Channels.newInputStream(client), Channels.newOutputStream(agent)));
      InputStream in = Channels.newInputStream(agent);
      OutputStream out = Channels.newOutputStream(client);
      relayGreeting(new DataInputStream(in), new DataOutputStream(out));
      pump(in, out);
      upwards.join();
    } catch (IOException e) {
      throw new AssertionError(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Either side may hang up; the other hears of it. */
  private static void pump(InputStream in, OutputStream out) {
    try (in;
        out) {
      in.transferTo(out);
    } catch (IOException e) {
      assertTrue(e.getMessage() == null || !e.getMessage().isEmpty());
    }
  }

  private static void relayGreeting(DataInputStream in, DataOutputStream out) throws IOException {
    byte[] header = new byte[Protocol.HEADER - Integer.BYTES];
    byte[] payload = new byte[in.readInt()];
    in.readFully(header);
    in.readFully(payload);
    assertEquals(Protocol.HELLO, header[0]);
    int end = payload.length;
    for (int at = 0; at < payload.length; at += 5 + payload[at + 4]) {
      if (payload[at] == FEATURE) { // they come last
        end = Math.min(end, at);
      }
    }
    assertTrue(end < payload.length, "an agent without features");
    assertEquals(Tag.VERSION, payload[0]);
    payload[VERSION_END] = 1;
    out.writeInt(end);
    out.write(header);
    out.write(payload, 0, end);
  }
}
