package io.daytona.toolbox.telemetry;

import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentSocket;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketAddress;
import java.net.SocketException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * A TCP connection that a sandbox makes: whoever uses it reaches what the sandbox reaches, and
 * nothing else. This process opens no socket. Reads end when it is closed, by any thread; there are
 * no time limits on them.
 */
final class SandboxSocket extends Socket {
  private static final int LONGEST_MILLIS = 10_000;

  private final Agent agent;
  private volatile @Nullable AgentSocket connection;
  private volatile boolean closed;
  private @Nullable InetSocketAddress peer;

  SandboxSocket(Agent agent) {
    this.agent = agent;
  }

  @Override
  public void connect(SocketAddress to) throws IOException {
    connect(to, LONGEST_MILLIS);
  }

  @Override
  public void connect(SocketAddress to, int timeoutMillis) throws IOException {
    if (!(to instanceof InetSocketAddress address) || address.getAddress() == null) {
      throw new SocketException("an address that is not resolved");
    }
    int millis = timeoutMillis <= 0 ? LONGEST_MILLIS : Math.min(timeoutMillis, LONGEST_MILLIS);
    try {
      String host = address.getAddress().getHostAddress();
      AgentSocket made = agent.dial(host, address.getPort(), Duration.ofMillis(millis));
      connection = made;
      peer = address;
      if (closed) {
        made.close();
      }
    } catch (AgentException e) {
      throw new SocketException("the sandbox does not connect: " + e.code() + " " + e.errno(), e);
    }
  }

  private AgentSocket connection() throws SocketException {
    AgentSocket made = connection;
    if (made == null || closed) {
      throw new SocketException("not connected");
    }
    return made;
  }

  @Override
  public InputStream getInputStream() throws SocketException {
    return connection().input();
  }

  @Override
  public OutputStream getOutputStream() throws SocketException {
    return connection().output();
  }

  @Override
  public void close() {
    closed = true;
    AgentSocket made = connection;
    if (made != null) {
      made.close();
    }
  }

  @Override
  public boolean isConnected() {
    return connection != null;
  }

  @Override
  public boolean isBound() {
    return connection != null;
  }

  @Override
  public boolean isClosed() {
    return closed;
  }

  @Override
  public @Nullable SocketAddress getRemoteSocketAddress() {
    return peer;
  }

  @Override
  public @Nullable SocketAddress getLocalSocketAddress() {
    return null;
  }

  @Override
  public @Nullable InetAddress getInetAddress() {
    return peer == null ? null : peer.getAddress();
  }

  @Override
  public int getPort() {
    return peer == null ? 0 : peer.getPort();
  }

  @Override
  public void shutdownInput() {
    // The other side is not told of it anyway.
  }

  @Override
  public void shutdownOutput() throws IOException {
    getOutputStream().close();
  }

  // The kernel's options are the agent's to choose.

  @Override
  public void setSoTimeout(int millis) {}

  @Override
  public int getSoTimeout() {
    return 0;
  }

  @Override
  public void setTcpNoDelay(boolean on) {}

  @Override
  public void setKeepAlive(boolean on) {}

  @Override
  public void setReuseAddress(boolean on) {}

  @Override
  public void setSoLinger(boolean on, int seconds) {}

  @Override
  public void setSendBufferSize(int size) {}

  @Override
  public void setReceiveBufferSize(int size) {}

  @Override
  public void setTrafficClass(int trafficClass) {}
}
