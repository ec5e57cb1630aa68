package io.daytona.toolbox.terminal;

import io.daytona.http.Access;
import io.daytona.http.SocketCall;
import io.daytona.http.SocketEndpoint;
import io.daytona.http.SocketEndpoint.Conversation;
import io.daytona.http.WebSocket;
import io.daytona.toolbox.SandboxCalls;
import io.daytona.toolbox.SandboxDirectory.Running;
import io.daytona.toolbox.terminal.TerminalClient.Manner;
import io.daytona.wire.error.DaytonaException;
import io.daytona.wire.error.ErrorKind;
import java.util.List;
import java.util.Map;

/** The WebSockets of terminals (toolbox protocol §4.2, §4.4). */
final class TerminalSockets {
  private static final String RUBY = "sdk-ruby";

  /** Ruby's client begins to listen after it opened, on another thread (§4.4). */
  private static final long RUBY_MILLIS = 10;

  private final SandboxCalls calls;
  private final TerminalDirectory directory;
  private final SlowConsumers slow = new SlowConsumers();

  TerminalSockets(SandboxCalls calls, TerminalDirectory directory) {
    this.calls = calls;
    this.directory = directory;
  }

  List<SocketEndpoint> rows() {
    return List.of(
        new SocketEndpoint(
            "/process/pty/create-connect",
            "CreateConnectPtySocket",
            "Creates a terminal and connects to it.",
            Access.MEMBER,
            this::createConnect),
        new SocketEndpoint(
            "/process/pty/{sessionId}/connect",
            "ConnectPtySocket",
            "Connects to a terminal.",
            Access.MEMBER,
            this::connect));
  }

  /** Everything that may fail does so before the upgrade; the terminal is there before it too. */
  private Conversation createConnect(SocketCall call) {
    Running sandbox = calls.sandbox(call);
    Map<String, String> envs = Subprotocols.environment(call);
    TerminalSettings settings = TerminalRequests.create(sandbox, call, envs);
    Attachment attachment = directory.of(sandbox).createAndAttach(settings);
    return client(call, attachment);
  }

  /**
   * An unknown terminal, and one whose shell the image lacks, is a message, which all clients show,
   * unlike a refused upgrade.
   */
  private Conversation connect(SocketCall call) {
    String id = call.path("sessionId");
    try {
      return directory
          .of(calls.sandbox(call))
          .attach(id, TerminalRequests.history(call))
          .<Conversation>map(attachment -> client(call, attachment))
          .orElseGet(() -> refusal(call, "PTY session " + id + " not found"));
    } catch (DaytonaException e) {
      if (e.kind() != ErrorKind.INTERNAL) {
        throw e;
      }
      return refusal(call, e.sentence());
    }
  }

  private Conversation client(SocketCall call, Attachment attachment) {
    Subprotocols.choose(call);
    Manner manner = new Manner(Subprotocols.wantsExitControl(call), delayMillis(call));
    return new TerminalClient(attachment, manner, slow);
  }

  private static Conversation refusal(SocketCall call, String why) {
    Subprotocols.choose(call);
    long delay = delayMillis(call);
    String sentence = "Failed to connect to PTY session: " + why;
    return socket -> {
      TerminalClient.pause(delay);
      socket.send(TerminalControl.error(sentence));
      socket.close(WebSocket.SERVER_ERROR, sentence);
    };
  }

  private static long delayMillis(SocketCall call) {
    String source = call.header("X-Daytona-Source").orElse("");
    return source.startsWith(RUBY) ? RUBY_MILLIS : 0;
  }
}
