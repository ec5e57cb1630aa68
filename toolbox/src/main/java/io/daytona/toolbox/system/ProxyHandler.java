package io.daytona.toolbox.system;

import io.daytona.http.Call;
import io.daytona.http.RawReply;
import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.agent.Agent;
import io.daytona.toolbox.agent.AgentException;
import io.daytona.toolbox.agent.AgentSocket;
import io.daytona.toolbox.error.ToolboxError;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;

/**
 * Passes one request on to a port inside the sandbox and its reply back, both as streams, over a
 * connection of its own.
 */
final class ProxyHandler {
  private static final Duration DIAL_TIMEOUT = Duration.ofSeconds(10);
  private static final int ECONNREFUSED = 111;
  private static final int BUFFER_BYTES = 64 << 10;
  private static final int MAX_PORT = 65535;

  private final SandboxCalls calls;

  ProxyHandler(SandboxCalls calls) {
    this.calls = calls;
  }

  RawReply handle(Call<InputStream> call) throws InterruptedException {
    int port = port(call.path("port"));
    byte[] head = ProxyRequest.head(call, port);
    AgentSocket socket = dial(calls.sandbox(call).agent(), port);
    ProxyRequest request = new ProxyRequest(call, socket);
    boolean handedOver = false;
    try (Call.Watch _ = call.whenClientLeaves(socket::close)) {
      request.send(head);
      ProxyReply reply = ProxyReply.read(socket.input(), call.method());
      RawReply passed = reply.with(new ProxyLocation(call, port), new Body(socket, request, reply));
      handedOver = true;
      return passed;
    } catch (IOException e) {
      if (request.brokeOff()) {
        throw ToolboxError.badRequest("the body of the request was not sent as it should be");
      }
      throw DaytonaException.of(
          ErrorKind.BAD_GATEWAY,
          "What listens on port " + port + " gave no HTTP reply: " + e.getMessage(),
          e);
    } finally {
      if (!handedOver) {
        socket.close();
        request.stop();
      }
    }
  }

  private static int port(String text) {
    int port = text.matches("\\d{1,5}") ? Integer.parseInt(text) : 0;
    if (port < 1 || port > MAX_PORT) {
      throw ToolboxError.badRequest("port must be a number between 1 and " + MAX_PORT);
    }
    return port;
  }

  /** Programs listen on either loopback address. */
  private static AgentSocket dial(Agent agent, int port) {
    try {
      return agent.dial("127.0.0.1", port, DIAL_TIMEOUT);
    } catch (AgentException e) {
      if (e.errno() != ECONNREFUSED) {
        throw e;
      }
    }
    try {
      return agent.dial("::1", port, DIAL_TIMEOUT);
    } catch (AgentException e) {
      if (e.code().equals(AgentException.LOST)) {
        throw e;
      }
      throw DaytonaException.of(
          ErrorKind.BAD_GATEWAY, "Nothing listens on port " + port + " in the sandbox.", e);
    }
  }

  /** The body of a reply, passed on as it comes. */
  private record Body(AgentSocket socket, ProxyRequest request, ProxyReply reply)
      implements RawReply.Writer {
    @Override
    public void write(OutputStream out) throws IOException, InterruptedException {
      try {
        // The head does not wait for the first byte of the body.
        out.flush();
        InputStream body = reply.body();
        byte[] buffer = new byte[BUFFER_BYTES];
        for (int n = body.read(buffer); n >= 0; n = body.read(buffer)) {
          out.write(buffer, 0, n);
          out.flush();
        }
      } finally {
        socket.close();
        request.stop();
      }
    }

    /** Server-sent events are. */
    @Override
    public boolean isEndless() {
      return reply.length() < 0;
    }

    @Override
    public void discard() {
      socket.close();
      request.stop();
    }
  }
}
